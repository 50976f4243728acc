/** Where the upper part of the root namespace goes: uplinks, routes, facts. Pure numbers, in pixels. */
export type HeadLayout = {
  readonly margin: number;
  /** Left edge and width of what stands inside the outline. */
  readonly x: number;
  readonly contentWidth: number;
  /** From the left edge of an uplink to the wire that comes from outside, and to the line that leads to the bar. */
  readonly stubOffset: number;
  readonly titleX: number;
  readonly routes: { readonly x: number; readonly y: number; readonly width: number };
  readonly facts: { readonly x: number; readonly y: number; readonly width: number };
  readonly panelBottomY: number;
};

export type HeadInput = {
  readonly widthPx: number;
  readonly routeRows: number;
  readonly factRows: number;
  readonly uplinkBottomY: number;
};

export const ROOT_TOP = 24;
export const UPLINK_WIDTH = 176;
export const ROW_HEIGHT = 20;
const PANEL_TOP = ROOT_TOP + 48;
const MAX_ROUTES_WIDTH = 560;
const FACTS_WIDTH = 236;
/** On a wide screen the columns stay together, for the eye to go from one to the other. */
const FACTS_GAP = 80;
const PANEL_GAP = 26;
/** From here on uplink, routes and facts stand side by side; below the facts go under the routes. */
const WIDE = 820;
/** Below this the routes go under the uplink too: a phone. */
const NARROW = 520;
const INDENT = 26;

const measureRows = (count: number): number => 10 + Math.max(1, count) * ROW_HEIGHT;

/** Three columns, two, or one, by what the width allows. */
export function layoutHead(input: HeadInput): HeadLayout {
  const isNarrow = input.widthPx < NARROW;
  const margin = isNarrow ? 12 : 24;
  const x = margin + (isNarrow ? 12 : 16);
  const contentWidth = input.widthPx - 2 * x;
  const frame = { margin, x, contentWidth };
  if (isNarrow) {
    return layoutNarrowHead(input, frame);
  }
  const routesX = x + UPLINK_WIDTH + 48;
  const right = x + contentWidth;
  const isWide = contentWidth >= WIDE;
  const factsX = isWide ? Math.min(right - FACTS_WIDTH, routesX + MAX_ROUTES_WIDTH + FACTS_GAP) : routesX;
  const routesRight = isWide ? factsX - 36 : right;
  const routesBottomY = PANEL_TOP + measureRows(input.routeRows);
  const factsY = isWide ? PANEL_TOP : routesBottomY + PANEL_GAP;
  const factsWidth = Math.min(FACTS_WIDTH, right - factsX);
  return {
    ...frame,
    stubOffset: UPLINK_WIDTH / 2,
    titleX: routesX,
    routes: { x: routesX, y: PANEL_TOP, width: Math.min(MAX_ROUTES_WIDTH, routesRight - routesX) },
    facts: { x: factsX, y: factsY, width: factsWidth },
    panelBottomY: Math.max(routesBottomY, factsY + measureRows(input.factRows)),
  };
}

type Frame = Pick<HeadLayout, 'margin' | 'x' | 'contentWidth'>;

/** One column: the wire from outside runs down its left edge, what is read stands right of it. */
function layoutNarrowHead({ routeRows, factRows, uplinkBottomY }: HeadInput, frame: Frame): HeadLayout {
  const x = frame.x + INDENT;
  const width = frame.contentWidth - INDENT;
  const routesY = uplinkBottomY + 52;
  const factsY = routesY + measureRows(routeRows) + PANEL_GAP;
  return {
    ...frame,
    stubOffset: 10,
    titleX: x,
    routes: { x, y: routesY, width },
    facts: { x, y: factsY, width },
    panelBottomY: factsY + measureRows(factRows),
  };
}
