import { TriangleAlert } from 'lucide-react';
import type { ClusterTopology } from '#model/topology/topology.ts';

const SOURCES = { lab: 'embedded lab', kubernetes: 'Kubernetes', none: 'no cluster' } as const;

const count = (number: number, word: string): string => `${number} ${word}${number === 1 ? '' : 's'}`;

/** Size and source of the cluster, and why its facts may be old. */
export function ClusterFacts({ topology }: { readonly topology: ClusterTopology | undefined }) {
  const cluster = topology?.cluster.cluster;
  if (cluster === undefined) {
    return null;
  }
  const { source, server, nodeCount, podCount, unscheduledPods, problem } = cluster;
  return (
    <>
      <span>{count(nodeCount, 'node')}</span>
      <span>{count(podCount, 'pod')}</span>
      {unscheduledPods > 0 && <span className="text-warning">{unscheduledPods} on no node yet</span>}
      <span className="text-text-3" title={server}>
        {SOURCES[source]}
      </span>
      {problem !== undefined && (
        <span role="alert" className="flex min-w-0 items-center gap-1.5 text-warning">
          <TriangleAlert aria-hidden size={14} className="shrink-0" />
          <span className="truncate" title={problem}>
            {problem}
          </span>
        </span>
      )}
    </>
  );
}
