import type { InvocationSummary } from '#model/topology/topology.ts';
import { LANE_HEIGHT_PX, type LaneRow, type Mark } from './layout-timeline.ts';
import { TimelineMark } from './timeline-mark.tsx';

const BAND_HEIGHT_PX = 10;
const CHARACTER_PX = 6;
const LABEL_GAP_PX = 8;

type TimelineLaneProps = {
  readonly row: LaneRow;
  readonly widthPx: number;
  /** Id of the selected invocation. */
  readonly selected?: string | undefined;
  readonly isPodSelected: boolean;
  readonly onSelect: (invocation: InvocationSummary) => void;
};

/** One lane: the life of the attachment as a pale band, invocations as marks on it, the newest failure in words. */
export function TimelineLane({ row, widthPx, selected, isPodSelected, onSelect }: TimelineLaneProps) {
  return (
    <g transform={`translate(0, ${row.yPx})`} data-lane={row.lane.key}>
      {row.bands.map((band) => (
        <rect
          key={band.xPx}
          data-band={band.isOpen ? 'open' : 'closed'}
          x={band.xPx}
          y={(LANE_HEIGHT_PX - BAND_HEIGHT_PX) / 2}
          width={band.widthPx}
          height={BAND_HEIGHT_PX}
          fill={isPodSelected ? 'var(--selection-band)' : 'var(--veth-band)'}
        />
      ))}
      <FailureText row={row} widthPx={widthPx} />
      {row.marks.map((mark, place) => (
        <TimelineMark
          key={mark.invocations[0]?.id}
          mark={mark}
          countAt={placeCount(row.marks, place, widthPx)}
          isSelected={mark.invocations.some(({ id }) => id === selected)}
          onSelect={onSelect}
        />
      ))}
    </g>
  );
}

/** Digits of the count, the sign before them, and a gap. */
const COUNT_PX = 26;

/** Where the count of a mark may stand without covering a neighbour or leaving the plot; else it is in the tooltip only. */
function placeCount(marks: readonly Mark[], place: number, widthPx: number): 'left' | 'right' | undefined {
  const mark = marks[place];
  if (mark === undefined || mark.invocations.length < 2) {
    return undefined;
  }
  const before = marks[place - 1];
  const roomRightPx = (marks[place + 1]?.xPx ?? widthPx - COUNT_PX) - mark.xPx - mark.widthPx;
  const roomLeftPx = mark.xPx - (before === undefined ? 0 : before.xPx + before.widthPx);
  return roomRightPx > COUNT_PX ? 'right' : roomLeftPx > COUNT_PX && before !== undefined ? 'left' : undefined;
}

/** Left of the crosses where there is room, else right of them, cut to what fits. */
function FailureText({ row, widthPx }: { readonly row: LaneRow; readonly widthPx: number }) {
  if (row.failure === undefined) {
    return null;
  }
  const { xPx, endPx, text } = row.failure;
  const roomLeftPx = xPx - 2 * LABEL_GAP_PX;
  const roomRightPx = widthPx - endPx - 3 * LABEL_GAP_PX;
  const isLeft = roomLeftPx >= roomRightPx;
  const characters = Math.floor(Math.max(roomLeftPx, roomRightPx) / CHARACTER_PX);
  if (characters < 8) {
    return null;
  }
  const shown = text.length > characters ? `${text.slice(0, characters - 1)}…` : text;
  return (
    <text
      x={isLeft ? xPx - LABEL_GAP_PX : endPx + 3 * LABEL_GAP_PX}
      y={LANE_HEIGHT_PX / 2 + 4}
      textAnchor={isLeft ? 'end' : 'start'}
      className="fill-bad text-[11px]"
    >
      {shown}
      <title>{text}</title>
    </text>
  );
}
