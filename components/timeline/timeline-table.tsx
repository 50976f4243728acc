'use client';

import Link from 'next/link';
import type { InvocationSummary } from '#model/topology/topology.ts';
import { formatDuration } from '../ui/format-duration.ts';
import { describeFailure } from './describe-invocation.ts';
import { formatClock } from './format-clock.ts';
import { parseInstant } from './parse-instant.ts';
import type { TimelineSelection } from './timeline-selection.ts';

const SHOWN = 500;
const HEADS = ['Time', 'Verb', 'Pod', 'Node', 'Interface', 'Duration', 'Outcome'] as const;

type TimelineTableProps = TimelineSelection & { readonly invocations: readonly InvocationSummary[] };

/** The same invocations as rows, newest first: the collector hears of them in the order they ended, node by node. */
export function TimelineTable({ invocations, selected, onSelect }: TimelineTableProps) {
  const shown = invocations.toSorted((a, b) => parseInstant(b.startedAt) - parseInstant(a.startedAt)).slice(0, SHOWN);
  const rest = invocations.length - shown.length;
  return (
    <div className="min-h-0 flex-1 overflow-auto">
      <table className="w-full min-w-[720px] text-left text-xs">
        <caption className="sr-only">CNI invocations, newest first</caption>
        <thead className="sticky top-0 bg-panel">
          <tr className="border-line border-b">
            {HEADS.map((head) => (
              <th key={head} scope="col" className="py-1.5 pr-4 font-medium text-text-3">
                {head}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {shown.map((invocation) => (
            <InvocationRow
              key={invocation.id}
              invocation={invocation}
              isSelected={invocation.id === selected}
              onSelect={onSelect}
            />
          ))}
        </tbody>
      </table>
      {rest > 0 && <p className="py-2 text-text-3">{rest} older ones are not listed; narrow the window to see them.</p>}
    </div>
  );
}

type InvocationRowProps = {
  readonly invocation: InvocationSummary;
  readonly isSelected: boolean;
  readonly onSelect: (invocation: InvocationSummary) => void;
};

function InvocationRow({ invocation, isSelected, onSelect }: InvocationRowProps) {
  const { verb, pod, containerId, node, ifName, startedAt, durationUs, outcome, addresses } = invocation;
  return (
    <tr
      aria-selected={isSelected}
      className={`border-line/60 border-b ${isSelected ? 'bg-raised' : 'hover:bg-raised/60'}`}
    >
      <td className="py-1 pr-4">
        <button
          type="button"
          onClick={() => onSelect(invocation)}
          className="font-mono underline decoration-line-strong underline-offset-2 hover:text-veth"
        >
          {formatClock(startedAt)}
        </button>
      </td>
      <td className="pr-4 font-semibold">{verb}</td>
      <td className="max-w-56 truncate pr-4">
        {pod === undefined ? (
          <span className="font-mono text-text-3">{containerId?.slice(0, 12) ?? 'none'}</span>
        ) : (
          <Link href={`/pods/${pod.split('/').map(encodeURIComponent).join('/')}`} className="hover:text-veth">
            {pod}
          </Link>
        )}
      </td>
      <td className="pr-4">{node}</td>
      <td className="pr-4 font-mono">{ifName}</td>
      <td className="pr-4 font-mono">{formatDuration(durationUs)}</td>
      <td className={outcome === 'error' ? 'text-bad' : ''}>
        {outcome === 'error' ? describeFailure(invocation) : ['ok', ...(addresses ?? [])].join(' ')}
      </td>
    </tr>
  );
}
