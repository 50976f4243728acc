'use client';

import { type KeyboardEvent, type RefObject, useEffect, useRef, useState } from 'react';
import type { Drift } from '#model/agent/drift.ts';
import type { InvocationSummary } from '#model/topology/topology.ts';
import { DriftStrip } from './drift-strip.tsx';
import type { Lane } from './group-lanes.ts';
import { handleTimelineKey } from './handle-timeline-key.ts';
import { type AxisTick, layoutTimeAxis } from './layout-time-axis.ts';
import { LANE_HEIGHT_PX, layoutTimeline, placeInstant, type TimelineLayout } from './layout-timeline.ts';
import { TimelineLabels } from './timeline-labels.tsx';
import { TimelinePlot } from './timeline-plot.tsx';
import type { TimelineSelection } from './timeline-selection.ts';
import { useElementWidth } from './use-element-width.ts';
import type { WindowControl } from './use-timeline-window.ts';

const AXIS_HEIGHT_PX = 24;
const OVERSCAN_PX = 200;
/** Width of a character of a tick's label: a label that does not fit is left out, not cut. */
const TICK_CHARACTER_PX = 6.7;

type TimelineDrawingProps = TimelineSelection & {
  readonly lanes: readonly Lane[];
  readonly control: WindowControl;
  readonly byNode: boolean;
  /** What the agent of the one node that is shown found out of place. */
  readonly drifts?: readonly Drift[] | undefined;
  /** Microseconds since 1970: nothing was heard since, so no attachment is drawn beyond. Absent: it is now. */
  readonly knownUntilUs: number | undefined;
};

/** The invocation before or after the selected one in time; without a selection the newest. */
function findNeighbour(
  lanes: readonly Lane[],
  selected: string | undefined,
  step: 1 | -1,
): InvocationSummary | undefined {
  const events = lanes.flatMap((lane) => lane.events).toSorted((a, b) => a.startUs - b.startUs);
  const index = events.findIndex(({ invocation }) => invocation.id === selected);
  return index < 0 ? events.at(-1)?.invocation : events[index + step]?.invocation;
}

function findRowY({ rows }: TimelineLayout, pod: string | undefined): number | undefined {
  return pod === undefined ? undefined : rows.find((row) => row.kind === 'lane' && row.lane.pod === pod)?.yPx;
}

/** Scrolls just so far that the selected lane is in view, when it is selected; what one scrolls afterwards stays. */
function useLaneInView(scroller: RefObject<HTMLDivElement | null>, yPx: number | undefined): void {
  useEffect(() => {
    const box = scroller.current;
    if (box === null || yPx === undefined) {
      return;
    }
    const lowest = Math.max(0, yPx + LANE_HEIGHT_PX - box.clientHeight);
    box.scrollTop = Math.min(yPx, Math.max(lowest, box.scrollTop));
  }, [scroller, yPx]);
}

/** Lanes over a common time axis. Only the rows that are scrolled into view are painted. */
export function TimelineDrawing(props: TimelineDrawingProps) {
  const { lanes, control, byNode, drifts, knownUntilUs, ...selection } = props;
  const [measure, widthPx] = useElementWidth();
  const [scroll, setScroll] = useState({ topPx: 0, heightPx: 2000 });
  const scroller = useRef<HTMLDivElement>(null);
  const { window, nowUs } = control;
  const layout = layoutTimeline({ lanes, window, widthPx, nowUs: Math.min(nowUs, knownUntilUs ?? nowUs), byNode });
  const axis = widthPx === 0 ? [] : layoutTimeAxis(window, widthPx);
  const rows = layout.rows.filter(
    ({ yPx }) => yPx > scroll.topPx - OVERSCAN_PX && yPx < scroll.topPx + scroll.heightPx + OVERSCAN_PX,
  );
  useLaneInView(scroller, findRowY(layout, selection.selectedPod));
  const heightPx = Math.max(layout.heightPx, LANE_HEIGHT_PX * 2);
  const walk = (step: 1 | -1): void => {
    const next = findNeighbour(lanes, selection.selected, step);
    if (next !== undefined) {
      selection.onSelect(next);
    }
  };
  return (
    <div className="flex min-h-0 flex-1 flex-col">
      {drifts !== undefined && <DriftStrip {...{ drifts, window, widthPx }} />}
      <div
        ref={scroller}
        className="flex min-h-0 flex-1 overflow-y-auto overflow-x-hidden"
        onScroll={({ currentTarget }) =>
          setScroll({ topPx: currentTarget.scrollTop, heightPx: currentTarget.clientHeight })
        }
      >
        <TimelineLabels rows={rows} heightPx={heightPx} selectedPod={selection.selectedPod} />
        <div ref={measure} className="relative min-w-0 flex-1">
          <TimelinePlot
            {...{ rows, axis, widthPx, heightPx, control }}
            {...selection}
            nowPx={placeInstant(nowUs, window, widthPx)}
            onKey={(key: KeyboardEvent) => handleTimelineKey(key, { control, walk })}
          />
        </div>
      </div>
      <AxisLabels axis={axis} widthPx={widthPx} hiddenLanes={layout.hiddenLanes} />
    </div>
  );
}

type AxisLabelsProps = {
  readonly axis: readonly AxisTick[];
  readonly widthPx: number;
  readonly hiddenLanes: number;
};

function AxisLabels({ axis, widthPx, hiddenLanes }: AxisLabelsProps) {
  return (
    <div className="flex shrink-0 border-line border-t" style={{ height: AXIS_HEIGHT_PX }}>
      <div className="w-[104px] shrink-0 truncate py-1 pr-2 text-[11px] text-text-3 sm:w-[190px]">
        {hiddenLanes > 0 && `+${hiddenLanes} not in this window`}
      </div>
      <div className="relative min-w-0 flex-1 overflow-hidden font-mono text-[11px] text-text-3" aria-hidden>
        {axis
          .filter(({ xPx, label }) => xPx + label.length * TICK_CHARACTER_PX + 6 <= widthPx)
          .map(({ xPx, label }) => (
            <span key={xPx} className="absolute top-1 whitespace-nowrap pl-1.5" style={{ left: xPx }}>
              {label}
            </span>
          ))}
      </div>
    </div>
  );
}
