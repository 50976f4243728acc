'use client';

import type { FindingsTopology } from '#model/findings/node-finding.ts';
import type { LiveState } from '../live/live-state.ts';
import { useLiveView } from '../live/use-live-view.ts';

/** What is wrong now, of every node. */
export function useFindings(): LiveState<FindingsTopology> {
  return useLiveView({ kind: 'findings' }) as LiveState<FindingsTopology>;
}
