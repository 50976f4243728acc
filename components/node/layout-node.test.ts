import { describe, expect, it } from 'vitest';
import type { Box } from './layout-banks.ts';
import { layoutNode } from './layout-node.ts';
import { addPod, addWiredPods, readLabNode } from './read-fixture.ts';
import { readNodeScene } from './read-node-scene.ts';

const NOTHING_OPEN: ReadonlySet<string> = new Set();

function layout(topology = readLabNode(), widthPx = 1016) {
  return layoutNode({ scene: readNodeScene(topology), widthPx, selection: undefined, openBanks: NOTHING_OPEN });
}

const round = (box: Box | undefined) => box && [box.x, box.y, box.width, box.height].map(Math.round);
const overlaps = (a: Box, b: Box): boolean =>
  a.x < b.x + b.width && b.x < a.x + a.width && a.y < b.y + b.height && b.y < a.y + a.height;

describe('layoutNode', () => {
  it('hangs the two pods of the lab below their ports on cni0', () => {
    const { banks, uplinks, heightPx } = layout();
    expect(uplinks.map(({ uplink, box }) => [uplink.name, round(box)])).toEqual([['eth0', [40, 68, 176, 50]]]);
    expect(banks.strips.map((strip) => [strip.id.split(':')[0], round(strip.bar)])).toEqual([
      ['bridge', [40, 204, 936, 40]],
    ]);
    expect(banks.strips[0]?.cards.map(({ card, box, port }) => [card.title, round(box), round(port)])).toEqual([
      ['busybox', [40, 368, 142, 132], [41, 268, 140, 30]],
      ['nginx1', [198, 368, 142, 132], [199, 268, 140, 30]],
    ]);
    expect(heightPx).toBe(524);
  });

  it('draws every wire straight from the bar to the interface of its pod', () => {
    for (const strip of layout(addWiredPods(readLabNode(), 20)).banks.strips) {
      for (const { wire, port, tab } of strip.cards) {
        expect(wire?.x).toBe((port?.x ?? 0) + (port?.width ?? 0) / 2);
        expect(wire?.fromY).toBe(strip.bar.y + strip.bar.height);
        expect(wire?.toY).toBe(tab?.y);
      }
    }
  });

  it('gives the same numbers for the same node, and moves nothing when a status or a counter changes', () => {
    const before = layout();
    const node = readLabNode();
    const changed = addFailure(node);
    const places = (result: typeof before) =>
      result.banks.strips.flatMap((strip) => strip.cards.map(({ card, box }) => [card.id, round(box)]));
    expect(places(layout())).toEqual(places(before));
    expect(places(layout(changed))).toEqual(places(before));
  });

  it('lets no card lie over another, in as many rows as it takes', () => {
    const { banks } = layout(addWiredPods(readLabNode(), 16));
    const boxes = banks.strips.flatMap((strip) => strip.cards.map(({ box }) => box));
    expect(boxes).toHaveLength(18);
    expect(banks.strips.length).toBe(3);
    expect(boxes.some((a, i) => boxes.some((b, j) => i < j && overlaps(a, b)))).toBe(false);
  });

  it('folds healthy pods beyond four rows, counts them, and never folds a failing one', () => {
    const crowded = addPod(addWiredPods(readLabNode(), 96), {
      name: 'broken',
      failedAdds: 4,
      createdAt: '2027-01-01T00:00:00Z',
    });
    const { banks } = layout(crowded);
    const shown = banks.strips.flatMap((strip) => strip.cards.map(({ card }) => card.title));
    expect(banks.folds).toHaveLength(1);
    expect(shown.length + (banks.folds[0]?.count ?? 0)).toBe(99);
    expect(shown).toContain('broken');
    expect(shown.length).toBe(23);
  });

  it('shows all pods of a bank that was opened', () => {
    const scene = readNodeScene(addWiredPods(readLabNode(), 96));
    const openBanks = new Set(scene.banks.map((bank) => bank.id));
    const { banks } = layoutNode({ scene, widthPx: 1016, selection: undefined, openBanks });
    expect(banks.folds).toEqual([]);
    expect(banks.strips.flatMap((strip) => strip.cards)).toHaveLength(98);
  });

  it.each([1400, 1016, 680, 390])(
    'puts uplink, routes, facts and bar beside or below one another at %i px',
    (widthPx) => {
      const { uplinks, routes, facts, banks, rootBox, widthPx: drawnPx } = layout(readLabNode(), widthPx);
      const column = ({ x, y, width, rows }: typeof routes | typeof facts): Box => ({
        x,
        y: y - 12,
        width,
        height: 22 + rows.length * 20,
      });
      const boxes = [
        ...uplinks.map(({ box }) => box),
        column(routes),
        column(facts),
        ...banks.strips.map(({ bar }) => bar),
      ];
      expect(drawnPx).toBe(widthPx);
      for (const [place, box] of boxes.entries()) {
        expect(boxes.slice(place + 1).filter((other) => overlaps(box, other))).toEqual([]);
        expect(box.x).toBeGreaterThanOrEqual(rootBox.x);
        expect(box.x + box.width).toBeLessThanOrEqual(rootBox.x + rootBox.width);
      }
    },
  );

  it('is panned where the screen is narrower than a drawing that can be read', () => {
    expect(layout(readLabNode(), 280).widthPx).toBe(340);
  });
});

function addFailure(node: ReturnType<typeof readLabNode>): ReturnType<typeof readLabNode> {
  const pods = Object.fromEntries(
    Object.entries(node.pods).map(([key, pod]) => [key, { ...pod, status: 'CrashLoopBackOff' }]),
  );
  return { ...node, pods };
}
