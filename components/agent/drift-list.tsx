import { CircleX, Wrench } from 'lucide-react';
import type { Drift } from '#model/agent/drift.ts';
import { formatMoment } from '../timeline/format-moment.ts';
import { CopyButton } from '../ui/copy-button.tsx';

const FOUND = { missing: 'was missing', changed: 'had been changed', 'left-over': 'was left over' } as const;
export const OUTCOMES = { repaired: 'repaired', failed: 'not repaired' } as const;

/** What an agent found not as it has to be, newest first, and whether it could mend it. */
export function DriftList({ drifts }: { readonly drifts: readonly Drift[] }) {
  if (drifts.length === 0) {
    return <p className="text-text-2">Nothing of the pod network was found out of place.</p>;
  }
  return (
    <ol className="divide-y divide-line/60">
      {drifts.map((drift) => (
        <DriftRow key={drift.id} drift={drift} />
      ))}
    </ol>
  );
}

function DriftRow({ drift }: { readonly drift: Drift }) {
  const { kind, object, found, outcome, command, error, time } = drift;
  const isMended = outcome === 'repaired';
  const Icon = isMended ? Wrench : CircleX;
  return (
    <li data-drift={outcome} className="flex gap-2 py-2 first:pt-0 last:pb-0">
      <Icon aria-hidden size={13} className={`mt-0.5 shrink-0 ${isMended ? 'text-text-3' : 'text-bad'}`} />
      <div className="min-w-0 flex-1">
        <p className="flex flex-wrap items-baseline justify-between gap-x-2">
          <span className={isMended ? 'text-text-2' : 'font-semibold text-bad'}>
            {kind} {FOUND[found]}, {OUTCOMES[outcome]}
          </span>
          <time dateTime={time} className="font-mono text-[11px] text-text-3">
            {formatMoment(time, new Date())}
          </time>
        </p>
        <p className="break-words font-mono text-[11.5px]">{object}</p>
        {error !== undefined && <p className="mt-0.5 break-words text-bad text-xs">{error}</p>}
        {command !== undefined && (
          <p className="mt-1 flex items-center gap-2 rounded-md border border-line bg-ground py-0.5 pr-1 pl-2 font-mono text-[11.5px] text-text-2">
            <span className="min-w-0 flex-1 break-words">{command}</span>
            <CopyButton text={command} label="Copy the command" />
          </p>
        )}
      </div>
    </li>
  );
}
