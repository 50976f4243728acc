'use client';

import { useEffect, useState } from 'react';
import { EventBody } from '#model/protocol/rest.ts';
import { fetchJson } from './fetch-json.ts';

type InvocationAnswer = { readonly event?: EventBody; readonly problem?: string };

const KEPT = 200;
/** An event is a past fact: once read it never changes. */
const cache = new Map<string, EventBody>();

function remember(id: string, event: EventBody): void {
  cache.set(id, event);
  const oldest = cache.keys().next().value;
  if (cache.size > KEPT && oldest !== undefined) {
    cache.delete(oldest);
  }
}

/** The whole event of one invocation, `/api/v1/events/{id}`. Neither field is set while it is on its way. */
export function useInvocation(id: string | undefined): InvocationAnswer {
  const [answer, setAnswer] = useState<{ readonly id: string } & InvocationAnswer>();
  useEffect(() => {
    if (id === undefined || cache.has(id)) {
      return;
    }
    const abort = new AbortController();
    void fetchJson(`/api/v1/events/${encodeURIComponent(id)}`, EventBody, { signal: abort.signal }).then((result) => {
      if (abort.signal.aborted) {
        return;
      }
      if (result.ok) {
        remember(id, result.value);
      }
      setAnswer(result.ok ? { id, event: result.value } : { id, problem: result.error });
    });
    return () => abort.abort();
  }, [id]);
  if (id === undefined) {
    return {};
  }
  const cached = cache.get(id);
  return cached !== undefined ? { event: cached } : answer?.id === id ? answer : {};
}
