'use client';

import { type KeyboardEvent, useRef } from 'react';
import type { AxisTick } from './layout-time-axis.ts';
import { GROUP_HEIGHT_PX, type GroupRow, type LaneRow } from './layout-timeline.ts';
import { TimelineLane } from './timeline-lane.tsx';
import type { TimelineSelection } from './timeline-selection.ts';
import { useTimelineGestures } from './use-timeline-gestures.ts';
import type { WindowControl } from './use-timeline-window.ts';

const KEYS =
  'Timeline of CNI invocations. Left and right walk along them, plus and minus zoom, comma and full stop move, f follows, p pauses.';

type TimelinePlotProps = TimelineSelection & {
  readonly rows: readonly (LaneRow | GroupRow)[];
  readonly axis: readonly AxisTick[];
  readonly widthPx: number;
  readonly heightPx: number;
  readonly nowPx: number;
  readonly control: WindowControl;
  readonly onKey: (key: KeyboardEvent) => void;
};

/** Paints the lanes, and takes wheel, drag and keys. */
export function TimelinePlot({
  rows,
  axis,
  widthPx,
  heightPx,
  nowPx,
  control,
  onKey,
  ...selection
}: TimelinePlotProps) {
  const plot = useRef<SVGSVGElement>(null);
  useTimelineGestures(plot, control);
  return (
    // biome-ignore lint/a11y/useSemanticElements: a fieldset is no part of SVG.
    <svg
      ref={plot}
      role="group"
      aria-label={KEYS}
      // biome-ignore lint/a11y/noNoninteractiveTabindex: keys move and zoom the plot.
      tabIndex={0}
      onKeyDown={onKey}
      width={widthPx}
      height={heightPx}
      className="block min-h-full cursor-grab touch-pan-y select-none active:cursor-grabbing"
    >
      {axis.map(({ xPx }) => (
        <line key={xPx} x1={xPx} x2={xPx} y1={0} y2="100%" stroke="var(--line)" shapeRendering="crispEdges" />
      ))}
      {rows.map((row) =>
        row.kind === 'group' ? (
          <GroupLine key={row.node} row={row} widthPx={widthPx} />
        ) : (
          <TimelineLane
            key={row.lane.key}
            row={row}
            widthPx={widthPx}
            selected={selection.selected}
            isPodSelected={selection.selectedPod !== undefined && row.lane.pod === selection.selectedPod}
            onSelect={selection.onSelect}
          />
        ),
      )}
      <NowLine xPx={nowPx} />
    </svg>
  );
}

function GroupLine({ row, widthPx }: { readonly row: GroupRow; readonly widthPx: number }) {
  const yPx = row.yPx + GROUP_HEIGHT_PX - 0.5;
  return <line x2={widthPx} y1={yPx} y2={yPx} stroke="var(--line)" />;
}

function NowLine({ xPx }: { readonly xPx: number }) {
  return (
    <g data-now transform={`translate(${xPx}, 0)`} pointerEvents="none">
      <line y1={0} y2="100%" stroke="var(--text)" strokeWidth={1.4} />
      <path d="M-5 0h10l-5 6z" fill="var(--text)" />
    </g>
  );
}
