'use client';

import { useEffect, useState } from 'react';
import type { SessionBody } from '#model/protocol/session.ts';
import { readSession } from './call-session.ts';
import { goToLogin } from './go-to-login.ts';

/** Who is logged in; `undefined` until it is known. A browser without a session leaves for the login page. */
export function useSession(): SessionBody | undefined {
  const [session, setSession] = useState<SessionBody>();
  useEffect(() => {
    let isGone = false;
    void readSession().then((result) => {
      if (isGone) return;
      if (result.ok) setSession(result.value);
      else if (result.error.status === 401) goToLogin();
    });
    return () => {
      isGone = true;
    };
  }, []);
  return session;
}
