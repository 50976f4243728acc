import { foldCards } from './fold-cards.ts';
import type { NodeScene, SceneBank, SceneCard } from './node-scene.ts';

export type Box = { readonly x: number; readonly y: number; readonly width: number; readonly height: number };

export type PlacedCard = {
  readonly card: SceneCard;
  readonly box: Box;
  /** The host's end of the wire, in the root namespace. */
  readonly port: Box | undefined;
  /** The pod's end, on the edge of the card. */
  readonly tab: Box | undefined;
  /** Absent: nothing that a wire could be drawn to. `markY` is where a wire that is not there is marked. */
  readonly wire:
    | { readonly x: number; readonly fromY: number; readonly toY: number; readonly markY: number }
    | undefined;
};

/** `+96 healthy`: cards that are left out, and said to be. */
export type PlacedFold = { readonly bankId: string; readonly box: Box; readonly count: number };

/** One row of a bank: a bar, ports below it, cards below them. */
export type PlacedStrip = {
  readonly id: string;
  readonly bank: SceneBank;
  /** The first row of a bank carries its facts, the others only its name. */
  readonly isFirst: boolean;
  readonly bar: Box;
  /** Lower edge of the root namespace's outline at this strip; absent where the cards stand outside of it. */
  readonly rootBottomY: number | undefined;
  readonly cards: readonly PlacedCard[];
};

export type BanksLayout = {
  readonly strips: readonly PlacedStrip[];
  readonly folds: readonly PlacedFold[];
  readonly bottomY: number;
};

export type BanksInput = {
  readonly scene: NodeScene;
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly selection: string | undefined;
  /** Ids of banks that are shown whole. */
  readonly openBanks: ReadonlySet<string>;
};

const CARD_GAP = 16;
const CARD_MIN_WIDTH = 134;
const CARD_HEIGHT = 132;
const MAX_ROWS = 4;
const BAR_HEIGHT = 40;
const BAR_AGAIN_HEIGHT = 24;
const PORT_DROP = 24;
const PORT_HEIGHT = 30;
const ROOT_PADDING = 24;
const WIRE_DROP = 46;
const TAB = { width: 68, height: 26 };
const BANK_GAP = 26;
/** A label above cards that hang on nothing. */
const LABEL_HEIGHT = 28;

/** Stacks the banks; a bank with more cards than fit a row goes on in the next one. Pure numbers. */
export function layoutBanks(input: BanksInput): BanksLayout {
  const columns = Math.max(1, Math.floor((input.width + CARD_GAP) / (CARD_MIN_WIDTH + CARD_GAP)));
  const cardWidth = Math.floor((input.width - CARD_GAP * (columns - 1)) / columns);
  const strips: PlacedStrip[] = [];
  const folds: PlacedFold[] = [];
  let y = input.y;
  for (const bank of input.scene.banks) {
    const capacity = input.openBanks.has(bank.id) ? Number.POSITIVE_INFINITY : columns * MAX_ROWS;
    const { shown, folded } = foldCards(bank.cards, capacity, input.selection);
    const slots = shown.length + (folded.length > 0 ? 1 : 0);
    const rows = Math.max(1, Math.ceil(slots / columns));
    for (let row = 0; row < rows; row += 1) {
      const cards = shown.slice(row * columns, (row + 1) * columns);
      const strip = layoutStrip({ bank, row, cards, input, y, cardWidth });
      strips.push(strip);
      const cardY = findCardY(strip);
      const isLast = row === rows - 1;
      if (isLast && folded.length > 0) {
        const x = input.x + (slots - 1 - row * columns) * (cardWidth + CARD_GAP);
        folds.push({
          bankId: bank.id,
          box: { x, y: cardY, width: cardWidth, height: CARD_HEIGHT },
          count: folded.length,
        });
      }
      y = slots === 0 ? (strip.rootBottomY ?? y) + BANK_GAP : cardY + CARD_HEIGHT + BANK_GAP;
    }
  }
  return { strips, folds, bottomY: y - BANK_GAP };
}

type StripInput = {
  readonly bank: SceneBank;
  readonly row: number;
  readonly cards: readonly SceneCard[];
  readonly input: BanksInput;
  readonly y: number;
  readonly cardWidth: number;
};

const isInRoot = (bank: SceneBank): boolean => bank.kind !== 'waiting' && bank.kind !== 'host-network';

function findCardY(strip: PlacedStrip): number {
  return strip.rootBottomY === undefined ? strip.bar.y + strip.bar.height : strip.rootBottomY + WIRE_DROP;
}

function layoutStrip({ bank, row, cards, input, y, cardWidth }: StripInput): PlacedStrip {
  const isRoot = isInRoot(bank);
  const isFirst = row === 0;
  const isTall = isFirst && bank.kind === 'bridge';
  // Rows after the first, and banks after the first, open the root namespace anew and need its upper padding.
  const isOpening = isRoot && y !== input.y;
  const barHeight = isRoot ? (isTall ? BAR_HEIGHT : BAR_AGAIN_HEIGHT) : isFirst ? LABEL_HEIGHT : 0;
  const bar = { x: input.x, y: y + (isOpening ? 10 : 0), width: input.width, height: barHeight };
  const barBottomY = bar.y + bar.height;
  const hasPorts = bank.kind === 'bridge' || bank.kind === 'routed';
  const depth = hasPorts && cards.length > 0 ? PORT_DROP + PORT_HEIGHT + ROOT_PADDING : ROOT_PADDING;
  const rootBottomY = isRoot ? barBottomY + depth : undefined;
  const cardY = rootBottomY === undefined ? barBottomY : rootBottomY + WIRE_DROP;
  return {
    id: `${bank.id}#${row}`,
    bank,
    isFirst,
    bar,
    rootBottomY,
    cards: cards.map((card, column) => {
      const x = input.x + column * (cardWidth + CARD_GAP);
      return placeCard(card, { x, y: cardY, width: cardWidth, height: CARD_HEIGHT }, { barBottomY, rootBottomY });
    }),
  };
}

function placeCard(
  card: SceneCard,
  box: Box,
  edges: { readonly barBottomY: number; readonly rootBottomY: number | undefined },
): PlacedCard {
  if (edges.rootBottomY === undefined) {
    return { card, box, port: undefined, tab: undefined, wire: undefined };
  }
  const centreX = box.x + box.width / 2;
  const portWidth = box.width - 2;
  const port =
    card.hostLink === undefined
      ? undefined
      : { x: centreX - portWidth / 2, y: edges.barBottomY + PORT_DROP, width: portWidth, height: PORT_HEIGHT };
  const tab =
    card.ifName === undefined ? undefined : { x: centreX - TAB.width / 2, y: box.y - TAB.height / 2 + 4, ...TAB };
  return {
    card,
    box,
    port,
    tab,
    wire: { x: centreX, fromY: edges.barBottomY, toY: tab?.y ?? box.y, markY: edges.rootBottomY - 10 },
  };
}
