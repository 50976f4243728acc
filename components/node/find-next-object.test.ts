import { describe, expect, test } from 'vitest';
import { findNextObject, type ScreenBox } from './find-next-object.ts';

const box = ([left, right]: [number, number], [top, bottom]: [number, number]): ScreenBox => ({
  left,
  top,
  right,
  bottom,
});

/** A bridge, two host veths below it, two pods below them. */
const bridge = box([0, 400], [0, 40]);
const ports = [box([0, 140], [60, 90]), box([200, 340], [60, 90])];
const pods = [box([0, 140], [140, 270]), box([200, 340], [140, 270])];
const all = [bridge, ...ports, ...pods];
const walk = (from: ScreenBox | undefined, direction: Parameters<typeof findNextObject>[2]) =>
  from === undefined ? undefined : all[findNextObject(all, from, direction) ?? -1];

describe('an arrow key', () => {
  test('walks along the wire: pod, host veth, bridge and back', () => {
    expect(walk(pods[1], 'up')).toBe(ports[1]);
    expect(walk(ports[1], 'up')).toBe(bridge);
    expect(walk(bridge, 'down')).toBe(ports[0]);
    expect(walk(ports[0], 'down')).toBe(pods[0]);
  });

  test('walks to the neighbour on the same bridge', () => {
    expect(walk(pods[0], 'right')).toBe(pods[1]);
    expect(walk(ports[1], 'left')).toBe(ports[0]);
  });

  test('stays where nothing is in its direction', () => {
    expect(walk(bridge, 'up')).toBeUndefined();
    expect(walk(pods[1], 'down')).toBeUndefined();
  });
});
