'use client';

import type { ClusterTopology } from '#model/topology/topology.ts';
import type { LiveState } from './live-state.ts';
import { useLiveView } from './use-live-view.ts';

/** The cluster: every node as a tile, and where the facts come from. */
export function useClusterTopology(): LiveState<ClusterTopology> {
  return useLiveView({ kind: 'cluster' }) as LiveState<ClusterTopology>;
}
