'use client';

import type { NodeTopology } from '#model/topology/topology.ts';
import type { LiveState } from './live-state.ts';
import { useLiveView } from './use-live-view.ts';

/** One node's kernel, pods and the join of both; `missing` where the collector knows no such node. */
export function useNodeTopology(node: string): LiveState<NodeTopology> {
  return useLiveView({ kind: 'node', node }) as LiveState<NodeTopology>;
}
