'use client';

import { ChevronRight, CircleCheck, CircleX } from 'lucide-react';
import type { InvocationSummary } from '#model/topology/topology.ts';
import { formatClock } from '../timeline/format-clock.ts';
import { formatDuration } from '../ui/format-duration.ts';

/** Whether an invocation was for the pod that was created then, and not for an earlier one of its name. */
export function isOfPod({ startedAt }: InvocationSummary, createdAt: string | undefined): boolean {
  return createdAt === undefined || Date.parse(startedAt) >= Date.parse(createdAt);
}

type InvocationListProps = {
  /** Newest first. */
  readonly invocations: readonly InvocationSummary[];
  readonly shown: string | undefined;
  /** RFC 3339: what began before belongs to an earlier pod of the same name. */
  readonly createdAt: string | undefined;
  readonly onShow: (id: string) => void;
};

/** Every invocation of one pod; choosing one shows it whole. */
export function InvocationList({ invocations, shown, createdAt, onShow }: InvocationListProps) {
  if (invocations.length === 0) {
    return <p className="text-text-3">No CNI invocation of this pod is in the journal.</p>;
  }
  return (
    <ul aria-label="Invocations" className="space-y-px">
      {invocations.map((invocation) => (
        <li key={invocation.id}>
          <InvocationLine
            invocation={invocation}
            isShown={invocation.id === shown}
            isEarlier={!isOfPod(invocation, createdAt)}
            onShow={onShow}
          />
        </li>
      ))}
    </ul>
  );
}

type InvocationLineProps = {
  readonly invocation: InvocationSummary;
  readonly isShown: boolean;
  readonly isEarlier: boolean;
  readonly onShow: (id: string) => void;
};

function InvocationLine({ invocation, isShown, isEarlier, onShow }: InvocationLineProps) {
  const isGood = invocation.outcome === 'ok';
  const Icon = isGood ? CircleCheck : CircleX;
  return (
    <button
      type="button"
      aria-pressed={isShown}
      onClick={() => onShow(invocation.id)}
      className={`flex w-full items-center gap-2 rounded px-2 py-1 text-left text-xs hover:bg-raised ${isShown ? 'bg-raised' : ''}`}
    >
      <Icon aria-hidden size={13} className={`shrink-0 ${isGood ? 'text-good' : 'text-bad'}`} />
      <span className="w-11 shrink-0 font-semibold">{invocation.verb}</span>
      <time dateTime={invocation.startedAt} className="shrink-0 font-mono text-[11.5px] text-text-2">
        {formatClock(invocation.startedAt)}
      </time>
      {isEarlier && <span className="shrink-0 text-text-3">earlier pod</span>}
      <span className={`min-w-0 flex-1 truncate ${isGood ? 'text-text-3' : 'text-bad'}`} title={invocation.error}>
        {invocation.error ?? invocation.addresses?.join(' ') ?? ''}
      </span>
      <span className="shrink-0 font-mono text-[11.5px] text-text-2">{formatDuration(invocation.durationUs)}</span>
      <ChevronRight aria-hidden size={12} className="shrink-0 text-text-3" />
    </button>
  );
}
