/** What of a box on screen is needed to walk from one to another; a `DOMRect` has it. */
export type ScreenBox = {
  readonly left: number;
  readonly top: number;
  readonly right: number;
  readonly bottom: number;
};

export type Direction = 'left' | 'right' | 'up' | 'down';

/** How much farther a step aside counts than a step ahead: along a wire first. */
const ASIDE_WEIGHT = 3;

/**
 * Index of the box that one means by an arrow key: the nearest in that direction, one in line with the present box before
 * one beside it. Boxes that overlap along the axis are not ahead. Undefined at the edge of the picture.
 */
export function findNextObject(boxes: readonly ScreenBox[], from: ScreenBox, direction: Direction): number | undefined {
  let best: { readonly index: number; readonly distance: number } | undefined;
  for (const [index, box] of boxes.entries()) {
    const [ahead, aside] = measureStep(from, box, direction);
    const distance = ahead + aside * ASIDE_WEIGHT;
    if (ahead >= -1 && box !== from && (best === undefined || distance < best.distance)) {
      best = { index, distance };
    }
  }
  return best?.index;
}

/** Gap ahead and gap aside, in pixels; a negative gap ahead: the box is not in that direction. */
function measureStep(from: ScreenBox, to: ScreenBox, direction: Direction): readonly [number, number] {
  const asideX = Math.max(0, to.left - from.right, from.left - to.right);
  const asideY = Math.max(0, to.top - from.bottom, from.top - to.bottom);
  switch (direction) {
    case 'left':
      return [from.left - to.right, asideY];
    case 'right':
      return [to.left - from.right, asideY];
    case 'up':
      return [from.top - to.bottom, asideX];
    case 'down':
      return [to.top - from.bottom, asideX];
  }
}
