import Link from 'next/link';
import type { NodeTile } from '#model/topology/topology.ts';
import { AgentMark } from '../agent/agent-mark.tsx';
import { worstOf } from '../findings/describe-counts.ts';
import { FindingCount } from '../findings/finding-count.tsx';
import { formatDuration } from '../ui/format-duration.ts';
import { StatusBadge } from '../ui/status-badge.tsx';
import { describeReadiness, shortenReason } from './describe-readiness.ts';

const HEADS = [
  'Node',
  'State',
  'Address',
  'podCIDR',
  'Pods',
  'Running',
  'Wired',
  'No network',
  'Pool',
  'ADD',
  'DEL',
  'Failed',
  'p50',
  'p99',
  'Findings',
  'Agent',
] as const;

/** The tiles as rows. */
export function ClusterTable({ tiles }: { readonly tiles: readonly NodeTile[] }) {
  return (
    <div className="overflow-x-auto rounded-xl border border-line bg-panel">
      <table className="w-full text-left text-xs">
        <caption className="sr-only">Nodes of the cluster; invocations are of the last 15 minutes</caption>
        <thead>
          <tr className="border-line border-b">
            {HEADS.map((head) => (
              <th key={head} scope="col" className="whitespace-nowrap px-3 py-2 font-medium text-text-3">
                {head}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {tiles.map((tile) => (
            <NodeRow key={tile.name} tile={tile} />
          ))}
        </tbody>
      </table>
    </div>
  );
}

function NodeRow({ tile }: { readonly tile: NodeTile }) {
  const { status, word, reason } = describeReadiness(tile);
  const { pods, invocations } = tile;
  const cells = [
    tile.internalIps.join(' '),
    tile.podCidrs.join(' '),
    pods.total,
    pods.running,
    pods.wired,
    pods.failing,
    tile.pools.map(({ used, capacity }) => `${used}/${capacity}`).join(' ') || '–',
    invocations.adds,
    invocations.dels,
    invocations.failed,
    invocations.addP50Us === undefined ? '–' : formatDuration(invocations.addP50Us),
    invocations.addP99Us === undefined ? '–' : formatDuration(invocations.addP99Us),
  ];
  return (
    <tr className="border-line border-b last:border-b-0">
      <th scope="row" className="whitespace-nowrap px-3 py-2 font-semibold">
        <Link href={`/nodes/${encodeURIComponent(tile.name)}`} className="hover:text-veth">
          {tile.name}
        </Link>
      </th>
      <td className="px-3 py-2">
        <StatusBadge status={status} title={reason}>
          {word}
        </StatusBadge>
        {reason !== undefined && <span className="mt-1 block min-w-52 text-text-2">{shortenReason(reason)}</span>}
      </td>
      {cells.map((cell, index) => (
        <td key={HEADS[index + 2]} className="whitespace-nowrap px-3 font-mono">
          {cell}
        </td>
      ))}
      <td className="px-3">
        {worstOf(tile.findings) === undefined ? '–' : <FindingCount counts={tile.findings} node={tile.name} isShort />}
      </td>
      <td className="px-3">
        <AgentMark agent={tile.agent} />
      </td>
    </tr>
  );
}
