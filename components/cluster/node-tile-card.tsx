import Link from 'next/link';
import type { ReactNode } from 'react';
import type { NodeTile } from '#model/topology/topology.ts';
import { AgentMark } from '../agent/agent-mark.tsx';
import { worstOf } from '../findings/describe-counts.ts';
import { FindingCount } from '../findings/finding-count.tsx';
import { formatDuration } from '../ui/format-duration.ts';
import { StatusBadge } from '../ui/status-badge.tsx';
import { describeReadiness, shortenReason } from './describe-readiness.ts';
import { PoolBar } from './pool-bar.tsx';

type NodeTileCardProps = {
  readonly tile: NodeTile;
  /** Controls of the lab, at the foot. */
  readonly controls?: ReactNode;
};

/** One node: is it ready, are its pods wired, how do its ADDs go. */
export function NodeTileCard({ tile, controls }: NodeTileCardProps) {
  const readiness = describeReadiness(tile);
  return (
    <article
      data-node={tile.name}
      className="flex flex-col overflow-hidden rounded-xl border border-line bg-panel transition-colors hover:border-line-strong"
    >
      <div className="flex items-center gap-2.5 px-4 pt-3.5">
        <h2 className="min-w-0 truncate font-semibold text-[15px]">
          <Link href={`/nodes/${encodeURIComponent(tile.name)}`} className="hover:text-veth">
            {tile.name}
          </Link>
        </h2>
        <StatusBadge status={readiness.status} title={readiness.reason}>
          {readiness.word}
        </StatusBadge>
        <span className="ml-auto">
          <AgentMark agent={tile.agent} />
        </span>
      </div>
      {!tile.isNameOnly && (
        <p className="flex flex-wrap gap-x-3 px-4 pt-0.5 text-text-2 text-xs">
          <span className="font-mono">{tile.internalIps.join(' ') || 'no address'}</span>
          {tile.roles.length > 0 && <span className="text-text-3">{tile.roles.join(', ')}</span>}
        </p>
      )}
      {readiness.reason !== undefined && (
        <p title={readiness.reason} className="mx-4 mt-2 rounded-md bg-raised px-2.5 py-1.5 text-text-2 text-xs">
          {shortenReason(readiness.reason)}
        </p>
      )}
      <PodCounts tile={tile} />
      {worstOf(tile.findings) !== undefined && (
        <p className="px-4 pt-1.5">
          <FindingCount counts={tile.findings} node={tile.name} />
        </p>
      )}
      {!tile.isNameOnly && (
        <div className={`space-y-2 px-4 pt-3 ${tile.agent.state === 'stale' ? 'opacity-70 grayscale' : ''}`}>
          <Pools tile={tile} />
        </div>
      )}
      <InvocationFigures tile={tile} />
      {controls !== undefined && (
        <div className="mt-auto flex flex-wrap items-center justify-between gap-2 border-line border-t px-4 py-2">
          {controls}
        </div>
      )}
    </article>
  );
}

function Pools({ tile }: { readonly tile: NodeTile }) {
  if (tile.pools.length > 0) {
    return tile.pools.map((pool) => <PoolBar key={pool.prefix} pool={pool} />);
  }
  return (
    <p className="text-text-3 text-xs">
      {tile.podCidrs.length === 0 ? 'No podCIDR assigned' : `${tile.podCidrs.join(' ')}, no address reserved`}
    </p>
  );
}

function PodCounts({ tile }: { readonly tile: NodeTile }) {
  const { total, running, wired, failing } = tile.pods;
  return (
    <p className="flex flex-wrap items-baseline gap-x-3 px-4 pt-3 text-text-2 text-xs">
      <span>
        <span className="font-semibold text-lg text-text">{total}</span> {total === 1 ? 'pod' : 'pods'}
      </span>
      <span>{running} running</span>
      <span>
        {wired} wired{tile.agent.state === 'stale' && ' then'}
      </span>
      {failing > 0 && <span className="font-semibold text-bad">{failing} without network</span>}
    </p>
  );
}

function InvocationFigures({ tile }: { readonly tile: NodeTile }) {
  const { windowMinutes, adds, dels, failed, addP50Us, addP99Us } = tile.invocations;
  const figures = [
    { label: 'ADD', value: String(adds), look: '' },
    { label: 'DEL', value: String(dels), look: '' },
    { label: 'failed', value: String(failed), look: failed > 0 ? 'text-bad' : '' },
    { label: 'ADD p50', value: addP50Us === undefined ? '–' : formatDuration(addP50Us), look: '' },
    { label: 'ADD p99', value: addP99Us === undefined ? '–' : formatDuration(addP99Us), look: '' },
  ];
  return (
    <dl
      aria-label={`CNI invocations of the last ${windowMinutes} minutes`}
      title={`Last ${windowMinutes} minutes`}
      className="mt-3 grid grid-cols-[repeat(5,auto)] justify-between gap-x-4 border-line border-t px-4 py-2.5"
    >
      {figures.map(({ label, value, look }) => (
        <div key={label} className="flex flex-col-reverse">
          <dt className="text-[11px] text-text-3">{label}</dt>
          <dd className={`whitespace-nowrap font-mono font-medium text-[13px] ${look}`}>{value}</dd>
        </div>
      ))}
    </dl>
  );
}
