'use client';

import { ChartNoAxesGantt } from 'lucide-react';
import { useMemo } from 'react';
import type { Drift } from '#model/agent/drift.ts';
import type { InvocationList } from '#model/protocol/live-message.ts';
import type { LiveState } from '../live/live-state.ts';
import { EmptyState } from '../ui/empty-state.tsx';
import { Skeleton } from '../ui/skeleton.tsx';
import { groupLanes } from './group-lanes.ts';
import { parseInstant } from './parse-instant.ts';
import { findNewestFailure, summarizeWindow } from './summarize-window.ts';
import { TimelineDrawing } from './timeline-drawing.tsx';
import type { TimelineSelection } from './timeline-selection.ts';
import { TimelineTable } from './timeline-table.tsx';
import { TimelineToolbar } from './timeline-toolbar.tsx';
import { useFrozenList } from './use-frozen-list.ts';
import { useTimelineWindow } from './use-timeline-window.ts';

type TimelineProps = TimelineSelection & {
  readonly state: LiveState<InvocationList>;
  /** Lanes under a heading for each node. */
  readonly byNode: boolean;
  readonly isTable?: boolean;
  /** What the agent of the one node that is shown found out of place. */
  readonly drifts?: readonly Drift[] | undefined;
};

const NOTHING: InvocationList = { invocations: [], olderCount: 0 };

/** Invocations over time, with everything that moves the window; it fills the height it is given. */
export function Timeline({ state, byNode, isTable = false, drifts, ...selection }: TimelineProps) {
  const control = useTimelineWindow();
  const { invocations, olderCount } = state.value ?? NOTHING;
  const { shown, bufferedCount } = useFrozenList(invocations, control.isPaused);
  const lanes = useMemo(() => groupLanes(shown, byNode), [shown, byNode]);
  const statistics = useMemo(() => summarizeWindow(shown, control.window), [shown, control.window]);
  return (
    <section
      aria-label="CNI invocations over time"
      data-status={state.status}
      className={`@container flex min-h-0 flex-1 flex-col gap-2 px-4 pt-2.5 md:px-6 ${state.status === 'stale' ? 'opacity-60 grayscale' : ''}`}
    >
      <TimelineToolbar
        control={control}
        statistics={statistics}
        bufferedCount={bufferedCount}
        olderCount={olderCount}
        onFailed={() => {
          const failure = findNewestFailure(shown, control.window);
          if (failure !== undefined) {
            selection.onSelect(failure);
          }
        }}
      />
      {state.status === 'loading' ? (
        <Skeleton className="h-24" />
      ) : shown.length === 0 ? (
        <EmptyState icon={ChartNoAxesGantt} title="No CNI invocation yet">
          The runtime calls the plugin when a pod is created. The first ADD shows up here as it happens.
        </EmptyState>
      ) : isTable ? (
        <TimelineTable invocations={shown} {...selection} />
      ) : (
        <TimelineDrawing
          lanes={lanes}
          control={control}
          byNode={byNode}
          drifts={drifts}
          knownUntilUs={state.status === 'stale' && state.since !== undefined ? parseInstant(state.since) : undefined}
          {...selection}
        />
      )}
    </section>
  );
}
