'use client';

import { LogOut, UserRound } from 'lucide-react';
import { Popover } from 'radix-ui';
import { useState } from 'react';
import { formatClock } from '../timeline/format-clock.ts';
import { Button } from '../ui/button.tsx';
import { endSession } from './call-session.ts';
import { describeScope } from './describe-scope.ts';
import { shortenUser } from './describe-user.ts';
import { logOut } from './go-to-login.ts';
import { useSession } from './use-session.ts';

/** Who is logged in, what they may see, and the way out. Nothing where nobody logs in. */
export function AccountMenu() {
  const session = useSession();
  if (session?.user === undefined) return null;
  const { user, scope, expiresAt } = session;
  return (
    <Popover.Root>
      <Popover.Trigger
        title={`Logged in as ${user}`}
        aria-label={`Logged in as ${user}`}
        className="flex h-[52px] w-[52px] flex-col items-center justify-center gap-1 rounded-lg text-[11px] text-text-3 transition-colors hover:bg-raised/60 hover:text-text"
      >
        <UserRound aria-hidden size={19} strokeWidth={1.7} />
        <span className="w-full truncate px-0.5 text-center">{shortenUser(user)}</span>
      </Popover.Trigger>
      <Popover.Portal>
        <Popover.Content
          side="top"
          align="start"
          sideOffset={8}
          collisionPadding={8}
          aria-label="Account"
          className="z-50 flex w-[min(300px,calc(100vw-16px))] flex-col gap-2 rounded-xl border border-line bg-panel p-4 shadow-pop"
        >
          <p className="text-text-2">Logged in as</p>
          <p className="break-all font-mono text-[12px]">{user}</p>
          <p className="text-text-2">{describeScope(scope)}</p>
          {expiresAt !== undefined && (
            <p className="text-text-2">Until {formatClock(expiresAt).slice(0, 5)}, or until the account is deleted.</p>
          )}
          <LogOutButton />
        </Popover.Content>
      </Popover.Portal>
    </Popover.Root>
  );
}

function LogOutButton() {
  const [problem, setProblem] = useState<string>();
  const leave = (): void => {
    logOut(endSession).catch(() => setProblem('The collector did not answer: you are still logged in.'));
  };
  return (
    <>
      <Button look="outlined" onClick={leave} className="mt-1 self-start">
        <LogOut aria-hidden size={14} />
        Log out
      </Button>
      {problem !== undefined && (
        <p role="alert" className="text-bad">
          {problem}
        </p>
      )}
    </>
  );
}
