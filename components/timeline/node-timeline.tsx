'use client';

import type { Drift } from '#model/agent/drift.ts';
import { useInvocations } from '../live/use-invocations.ts';
import { Timeline } from './timeline.tsx';
import type { TimelineSelection } from './timeline-selection.ts';

type NodeTimelineProps = TimelineSelection & {
  readonly node: string;
  readonly isTable?: boolean;
  readonly drifts?: readonly Drift[] | undefined;
};

/** CNI invocations of one node, a lane for each pod. Fills the height it is given. */
export function NodeTimeline({ node, ...rest }: NodeTimelineProps) {
  return <Timeline state={useInvocations({ node })} byNode={false} {...rest} />;
}
