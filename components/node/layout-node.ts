import { type BanksLayout, type Box, layoutBanks } from './layout-banks.ts';
import { type HeadLayout, layoutHead, ROOT_TOP, ROW_HEIGHT, UPLINK_WIDTH } from './layout-head.ts';
import type { NodeScene, SceneFact, SceneLink, SceneRoute, SceneUplink } from './node-scene.ts';

export type PlacedRow<T> = { readonly item: T; readonly y: number };

export type NodeLayout = {
  readonly widthPx: number;
  readonly heightPx: number;
  /** Outline of the root namespace: one shape, however many strips hang in it. SVG path data. */
  readonly rootPath: string;
  readonly rootBox: Box;
  readonly uplinks: readonly { readonly uplink: SceneUplink; readonly box: Box; readonly stubX: number }[];
  /** From the first uplink to the first bar: what forwards between them. */
  readonly forwardLine: { readonly x: number; readonly fromY: number; readonly toY: number } | undefined;
  readonly titleAt: { readonly x: number; readonly y: number };
  readonly routes: { readonly x: number; readonly y: number; readonly width: number } & {
    readonly rows: readonly PlacedRow<SceneRoute>[];
    readonly leftOut: number;
    readonly note: string;
  };
  readonly facts: { readonly x: number; readonly y: number; readonly width: number } & {
    readonly rows: readonly PlacedRow<SceneFact>[];
  };
  readonly others: { readonly x: number; readonly y: number } & {
    readonly chips: readonly { readonly link: SceneLink; readonly box: Box }[];
    readonly leftOut: number;
    readonly hidden: readonly SceneLink[];
  };
  readonly banks: BanksLayout;
};

export type NodeLayoutInput = {
  readonly scene: NodeScene;
  /** Width of the place the drawing is shown in. Below `MIN_WIDTH` the drawing is wider and has to be panned. */
  readonly widthPx: number;
  readonly selection: string | undefined;
  readonly openBanks: ReadonlySet<string>;
};

const MIN_WIDTH = 340;
const UPLINK = { width: UPLINK_WIDTH, height: 50 };
const UPLINK_GAP = 12;
const MAX_ROUTES = 7;
const CHIP_HEIGHT = 24;
const SPINE_WIDTH = 10;
const RADIUS = 10;

/**
 * Places everything that `readNodeScene` found. The same scene and width give the same numbers; a counter or a status
 * moves nothing.
 */
export function layoutNode({ scene, widthPx, selection, openBanks }: NodeLayoutInput): NodeLayout {
  const width = Math.max(MIN_WIDTH, Math.floor(widthPx));
  const isLong = scene.routes.length > MAX_ROUTES;
  const routes = scene.routes.slice(0, isLong ? MAX_ROUTES - 1 : MAX_ROUTES);
  const uplinkBottomY = findUplinkY(scene.uplinks.length) - UPLINK_GAP;
  const head = layoutHead({
    widthPx: width,
    routeRows: routes.length + (isLong ? 1 : 0),
    factRows: scene.facts.length,
    uplinkBottomY,
  });
  const { x, contentWidth } = head;
  const uplinks = layoutUplinks(scene, head);
  const othersY = head.panelBottomY + 16;
  const others = { x: head.routes.x, y: othersY, maxX: x + contentWidth - 130 };
  const chips = layoutChips(scene.otherLinks, others);
  const banksY = Math.max(othersY + (chips.length > 0 ? CHIP_HEIGHT + 18 : 6), uplinkBottomY + 40);
  const banks = layoutBanks({ scene, x, y: banksY, width: contentWidth, selection, openBanks });
  const rootBox = {
    x: head.margin,
    y: ROOT_TOP,
    width: width - 2 * head.margin,
    height: banksY + 24 - ROOT_TOP,
  };
  return {
    widthPx: width,
    heightPx: Math.max(banks.bottomY, rootBox.y + rootBox.height) + head.margin,
    rootPath: drawRootOutline(rootBox, banks),
    rootBox,
    uplinks,
    forwardLine: placeForwardLine(uplinks, banks, { x: x + head.stubOffset, fromY: uplinkBottomY }),
    titleAt: { x: head.titleX, y: ROOT_TOP + 22 },
    routes: {
      ...head.routes,
      rows: placeRows(routes, head.routes.y),
      leftOut: scene.routes.length - routes.length,
      note: scene.routesNote,
    },
    facts: { ...head.facts, rows: placeRows(scene.facts, head.facts.y) },
    others: {
      x: others.x,
      y: othersY,
      chips,
      leftOut: scene.otherLinks.length - chips.length,
      hidden: scene.hiddenLinks,
    },
    banks,
  };
}

function placeForwardLine(
  uplinks: NodeLayout['uplinks'],
  banks: BanksLayout,
  from: { readonly x: number; readonly fromY: number },
): NodeLayout['forwardLine'] {
  const bar = banks.strips[0]?.rootBottomY === undefined ? undefined : banks.strips[0].bar;
  return uplinks.length === 0 || bar === undefined ? undefined : { ...from, toY: bar.y };
}

/** Upper edge of the n-th uplink, or where the next one would be. */
const findUplinkY = (place: number): number => ROOT_TOP + 44 + place * (UPLINK.height + UPLINK_GAP);

function layoutUplinks(scene: NodeScene, { x, stubOffset }: HeadLayout): NodeLayout['uplinks'] {
  return scene.uplinks.map((uplink, place) => ({
    uplink,
    box: { x, y: findUplinkY(place), ...UPLINK },
    // The first goes up from its own box, the others beside the boxes above them.
    stubX: place === 0 ? x + stubOffset : x + UPLINK.width + 8 * place,
  }));
}

function placeRows<T>(items: readonly T[], y: number): readonly PlacedRow<T>[] {
  return items.map((item, place) => ({ item, y: y + 10 + place * ROW_HEIGHT }));
}

/** Width of text in the drawing's mono face at 11.5 px. */
const MONO_ADVANCE = 6.9;

/** Width of the heading left of the chips. */
const CHIPS_HEADING = 96;

function layoutChips(
  links: readonly SceneLink[],
  edge: { readonly x: number; readonly y: number; readonly maxX: number },
): NodeLayout['others']['chips'] {
  const chips: { link: SceneLink; box: Box }[] = [];
  let left = edge.x + CHIPS_HEADING;
  for (const link of links) {
    const text = `${link.name} ${link.kind ?? 'device'}`;
    const width = Math.ceil(text.length * MONO_ADVANCE) + 34;
    if (left + width > edge.maxX) {
      break;
    }
    chips.push({ link, box: { x: left, y: edge.y, width, height: CHIP_HEIGHT } });
    left += width + 8;
  }
  return chips;
}

/** A comb: the head and the first strip are one box, every further strip is a tooth on a spine at the left. */
function drawRootOutline(root: Box, banks: BanksLayout): string {
  const strips = banks.strips.filter((strip) => strip.rootBottomY !== undefined);
  const left = root.x;
  const right = root.x + root.width;
  const bottom = strips[0]?.rootBottomY ?? root.y + root.height;
  const teeth = strips.slice(1).map((strip) => ({ top: strip.bar.y - 10, bottom: strip.rootBottomY ?? strip.bar.y }));
  const r = RADIUS;
  const spine = left + SPINE_WIDTH;
  const inner = 6;
  const lower = teeth.map(
    (tooth, place) =>
      `H${spine + inner} Q${spine} ${place === 0 ? bottom : teeth[place - 1]?.bottom} ${spine} ${(place === 0 ? bottom : (teeth[place - 1]?.bottom ?? 0)) + inner} ` +
      `V${tooth.top - inner} Q${spine} ${tooth.top} ${spine + inner} ${tooth.top} ` +
      `H${right - r} Q${right} ${tooth.top} ${right} ${tooth.top + r} V${tooth.bottom - r} Q${right} ${tooth.bottom} ${right - r} ${tooth.bottom} `,
  );
  const lastBottom = teeth.at(-1)?.bottom ?? bottom;
  return (
    `M${left + r} ${root.y} H${right - r} Q${right} ${root.y} ${right} ${root.y + r} ` +
    `V${bottom - r} Q${right} ${bottom} ${right - r} ${bottom} ${lower.join('')}` +
    `H${left + r} Q${left} ${lastBottom} ${left} ${lastBottom - r} V${root.y + r} Q${left} ${root.y} ${left + r} ${root.y} Z`
  );
}
