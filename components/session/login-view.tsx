'use client';

import { TriangleAlert } from 'lucide-react';
import { type FormEvent, useEffect, useState } from 'react';
import { Logo } from '../shell/logo.tsx';
import { ThemeToggle } from '../theme/theme-toggle.tsx';
import { Button } from '../ui/button.tsx';
import { CopyButton } from '../ui/copy-button.tsx';
import { openSession, readSession, type SessionProblem } from './call-session.ts';
import { readReturnPath } from './read-return-path.ts';

const COMMAND = 'kubectl create token ACCOUNT -n NAMESPACE';

/** The login page: a token for a session. `from`: the path that one came from, as the address says. */
export function LoginView({ from }: { readonly from: string | undefined }) {
  useEffect(() => {
    // A link from another site comes without the cookie, which this page's own request has; and where nobody logs in, nobody stays.
    void readSession().then((session) => session.ok && leave(from));
  }, [from]);
  return (
    <main className="flex min-h-dvh flex-col items-center justify-center gap-4 bg-ground p-4">
      <div className="flex w-full max-w-[440px] flex-col gap-5 rounded-xl border border-line bg-panel p-6 shadow-pop">
        <div className="flex items-center gap-3">
          <Logo />
          <h1 className="text-base font-semibold">Log in to Podwire</h1>
          <div className="ml-auto">
            <ThemeToggle />
          </div>
        </div>
        <LoginForm onOpened={() => leave(from)} />
        <TokenHelp />
      </div>
    </main>
  );
}

/** A page anew: what it held belongs to nobody. */
const leave = (from: string | undefined): void => window.location.replace(readReturnPath(from, window.location.origin));

function LoginForm({ onOpened }: { readonly onOpened: () => void }) {
  const [token, setToken] = useState('');
  const [isAsking, setAsking] = useState(false);
  const [problem, setProblem] = useState<SessionProblem>();
  const submit = async (event: FormEvent): Promise<void> => {
    event.preventDefault();
    setAsking(true);
    setProblem(undefined);
    const session = await openSession(token.trim());
    setAsking(false);
    if (session.ok) onOpened();
    else setProblem(session.error);
  };
  return (
    <form method="post" onSubmit={(event) => void submit(event)} className="flex flex-col gap-3">
      <label htmlFor="token" className="text-text-2">
        Token of an account of this Kubernetes cluster
      </label>
      {/* Without a name: a form that is sent before the script runs sends no token. */}
      <input
        id="token"
        type="password"
        required
        autoComplete="off"
        spellCheck={false}
        value={token}
        onChange={(event) => setToken(event.target.value)}
        aria-invalid={problem !== undefined}
        aria-describedby={problem === undefined ? undefined : 'login-problem'}
        className="h-9 rounded-md border border-line bg-ground px-3 font-mono text-[13px] placeholder:text-text-3 focus-visible:border-line-strong"
      />
      {problem !== undefined && <LoginProblem {...problem} />}
      <Button type="submit" look="accented" disabled={isAsking} className="h-9">
        {isAsking ? 'Asking the cluster…' : 'Log in'}
      </Button>
    </form>
  );
}

function LoginProblem({ title, detail }: SessionProblem) {
  return (
    <div id="login-problem" role="alert" className="flex gap-2 rounded-md border border-bad/50 bg-bad/10 px-3 py-2">
      <TriangleAlert aria-hidden size={15} className="mt-0.5 shrink-0 text-bad" />
      <div className="min-w-0">
        <p className="font-semibold">{title}</p>
        {detail !== undefined && <p className="break-words text-text-2">{detail}</p>}
      </div>
    </div>
  );
}

function TokenHelp() {
  return (
    <section aria-label="How to get a token" className="flex flex-col gap-2 border-line border-t pt-4 text-text-2">
      <p>A token that ends by itself, for an account that may list pods:</p>
      <div className="flex items-center gap-2 rounded-md border border-line bg-ground px-3 py-1.5">
        <code className="min-w-0 flex-1 break-words font-mono text-[12px] text-text">{COMMAND}</code>
        <CopyButton text={COMMAND} label="Copy the command" />
      </div>
      <p>
        What the account may do in the cluster decides what it sees here. The token is kept in the collector’s memory,
        for an hour at most, and written down nowhere.
      </p>
    </section>
  );
}
