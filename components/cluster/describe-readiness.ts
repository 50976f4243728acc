import type { NodeTile } from '#model/topology/topology.ts';
import type { Status } from '../ui/status-badge.tsx';

export type Readiness = {
  readonly status: Status;
  /** One or two words for a badge. */
  readonly word: string;
  /** The kubelet's own words, where it is not ready. */
  readonly reason?: string;
};

const REASON_PREFIX = /^.*(?:message:\s*|NetworkPluginNotReady message:)/i;

/** What the condition `Ready` of a node says, in the kubelet's own words where it is not true. */
export function describeReadiness({ ready, isNameOnly }: Pick<NodeTile, 'ready' | 'isNameOnly'>): Readiness {
  if (isNameOnly) {
    return { status: 'unknown', word: 'Not shown' };
  }
  if (ready === undefined) {
    return { status: 'unknown', word: 'Not reported', reason: 'The kubelet has not reported a condition yet.' };
  }
  const reason = ready.message ?? ready.reason;
  switch (ready.status) {
    case 'True':
      return { status: 'good', word: 'Ready' };
    case 'False':
      return { status: 'warning', word: 'NotReady', ...(reason === undefined ? {} : { reason }) };
    case 'Unknown':
      return { status: 'unknown', word: 'Unknown', ...(reason === undefined ? {} : { reason }) };
  }
}

/** The part of the kubelet's message that says what is wrong: `cni plugin not initialized`. */
export function shortenReason(reason: string): string {
  return reason.replace(REASON_PREFIX, '') || reason;
}

/** Whether a person should look at this node before the others. */
export function needsAttention(tile: NodeTile): boolean {
  return (
    (tile.ready?.status !== 'True' && !tile.isNameOnly) ||
    tile.agent.state !== 'live' ||
    tile.pods.failing > 0 ||
    tile.findings.error + tile.findings.warning > 0 ||
    tile.invocations.failed > 0 ||
    tile.pools.some(({ used, capacity }) => used >= capacity) ||
    tile.routes.some(({ state }) => state === 'missing')
  );
}
