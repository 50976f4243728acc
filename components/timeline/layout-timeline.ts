import type { InvocationSummary } from '#model/topology/topology.ts';
import type { Lane, LaneEvent } from './group-lanes.ts';
import type { TimeWindow } from './time-window.ts';

export const LANE_HEIGHT_PX = 22;
export const GROUP_HEIGHT_PX = 26;
/** An ADD of 3 ms in a window of a week is still something to see and to hit. */
export const MINIMUM_BAR_PX = 5;
const GAP_PX = 1;

export type Mark = {
  readonly xPx: number;
  readonly widthPx: number;
  /** What the mark stands for, oldest first: one invocation, or all that fall on the same pixels. */
  readonly invocations: readonly InvocationSummary[];
  /** The verb, or `mixed` where folded ones differ. */
  readonly verb: string;
  /** `error` as soon as one of them failed: a failure never folds away. */
  readonly outcome: 'ok' | 'error';
};

export type Band = { readonly xPx: number; readonly widthPx: number; readonly isOpen: boolean };

export type LaneRow = {
  readonly kind: 'lane';
  readonly lane: Lane;
  readonly yPx: number;
  readonly bands: readonly Band[];
  readonly marks: readonly Mark[];
  /** What the newest failure in view said, and where its first mark is. */
  readonly failure?: { readonly xPx: number; readonly endPx: number; readonly text: string };
};

export type GroupRow = {
  readonly kind: 'group';
  readonly node: string;
  readonly laneCount: number;
  readonly yPx: number;
};

export type TimelineLayout = {
  readonly rows: readonly (LaneRow | GroupRow)[];
  readonly heightPx: number;
  /** Lanes left out because nothing of them falls into the window. */
  readonly hiddenLanes: number;
};

export type TimelineInput = {
  readonly lanes: readonly Lane[];
  readonly window: TimeWindow;
  readonly widthPx: number;
  /** Where an attachment that lasts ends on screen. */
  readonly nowUs: number;
  readonly byNode: boolean;
};

/** Lanes of the window as numbers: rows from top to bottom, bands and marks from left to right. */
export function layoutTimeline(input: TimelineInput): TimelineLayout {
  const visible = input.lanes.filter((lane) => isInWindow(lane, input.window, input.nowUs));
  const rows: (LaneRow | GroupRow)[] = [];
  let yPx = 0;
  for (const [index, lane] of visible.entries()) {
    if (input.byNode && visible[index - 1]?.node !== lane.node) {
      const laneCount = visible.filter(({ node }) => node === lane.node).length;
      rows.push({ kind: 'group', node: lane.node, laneCount, yPx });
      yPx += GROUP_HEIGHT_PX;
    }
    rows.push(layoutLane(lane, input, yPx));
    yPx += LANE_HEIGHT_PX;
  }
  return { rows, heightPx: yPx, hiddenLanes: input.lanes.length - visible.length };
}

function isInWindow({ events, lives }: Lane, { startUs, endUs }: TimeWindow, nowUs: number): boolean {
  return (
    events.some((event) => event.startUs <= endUs && event.endUs >= startUs) ||
    lives.some((life) => life.fromUs <= endUs && (life.toUs ?? nowUs) >= startUs)
  );
}

function layoutLane(lane: Lane, input: TimelineInput, yPx: number): LaneRow {
  const marks = foldMarks(lane.events, input);
  const failed = marks.filter((mark) => mark.outcome === 'error');
  const [first, last] = [failed[0], failed.at(-1)];
  const text = last?.invocations.findLast(({ outcome }) => outcome === 'error')?.error;
  return {
    kind: 'lane',
    lane,
    yPx,
    bands: layoutBands(lane, input),
    marks,
    ...(first === undefined || last === undefined || text === undefined
      ? {}
      : { failure: { xPx: first.xPx, endPx: last.xPx + last.widthPx, text } }),
  };
}

function layoutBands({ lives }: Lane, { window, widthPx, nowUs }: TimelineInput): readonly Band[] {
  return lives.flatMap(({ fromUs, toUs }) => {
    const fromPx = Math.max(0, placeInstant(fromUs, window, widthPx));
    const toPx = Math.min(widthPx, placeInstant(toUs ?? nowUs, window, widthPx));
    return toPx > fromPx ? [{ xPx: fromPx, widthPx: toPx - fromPx, isOpen: toUs === undefined }] : [];
  });
}

/** Where an instant falls on the axis, in pixels from its left end, to a hundredth of one. */
export function placeInstant(instantUs: number, { startUs, endUs }: TimeWindow, widthPx: number): number {
  return Math.round(((instantUs - startUs) / (endUs - startUs)) * widthPx * 100) / 100;
}

/** Bars that would cover one another become one mark with a count; nothing is drawn below something else. */
function foldMarks(events: readonly LaneEvent[], { window, widthPx }: TimelineInput): readonly Mark[] {
  const folded: { fromPx: number; toPx: number; invocations: InvocationSummary[] }[] = [];
  for (const { invocation, startUs, endUs } of events) {
    if (endUs < window.startUs || startUs > window.endUs) {
      continue;
    }
    const fromPx = placeInstant(startUs, window, widthPx);
    const toPx = Math.max(fromPx + MINIMUM_BAR_PX, placeInstant(endUs, window, widthPx));
    const last = folded.at(-1);
    if (last !== undefined && fromPx < last.toPx + GAP_PX) {
      last.toPx = Math.max(last.toPx, toPx);
      last.invocations.push(invocation);
    } else {
      folded.push({ fromPx, toPx, invocations: [invocation] });
    }
  }
  return folded.map(({ fromPx, toPx, invocations }) => makeMark(Math.max(-2, fromPx), toPx, invocations));
}

function makeMark(xPx: number, toPx: number, invocations: readonly InvocationSummary[]): Mark {
  const verbs = new Set(invocations.map(({ verb }) => verb));
  return {
    xPx,
    widthPx: toPx - xPx,
    invocations,
    verb: verbs.size === 1 ? (invocations[0]?.verb ?? 'mixed') : 'mixed',
    outcome: invocations.some(({ outcome }) => outcome === 'error') ? 'error' : 'ok',
  };
}
