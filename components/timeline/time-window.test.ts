import { describe, expect, test } from 'vitest';
import { parseInstant } from './parse-instant.ts';
import { LONGEST_SPAN_US, panWindow, SHORTEST_SPAN_US, zoomWindow } from './time-window.ts';

const minute = { startUs: 0, endUs: 60_000_000 };

describe('the part of time on screen', () => {
  test('zooming in keeps the instant under the pointer where it is', () => {
    const zoomed = zoomWindow(minute, 4, 0.25);
    expect(zoomed.endUs - zoomed.startUs).toBe(15_000_000);
    expect(zoomed.startUs + 0.25 * 15_000_000).toBe(15_000_000);
  });

  test('zoom ends at ten microseconds and at eight days', () => {
    const inside = zoomWindow(minute, 1e12, 0.5);
    const outside = zoomWindow(minute, 1e-12, 0.5);
    expect(inside.endUs - inside.startUs).toBe(SHORTEST_SPAN_US);
    expect(outside.endUs - outside.startUs).toBe(LONGEST_SPAN_US);
  });

  test('panning keeps the span', () => {
    expect(panWindow(minute, 0.5)).toEqual({ startUs: 30_000_000, endUs: 90_000_000 });
  });
});

describe('an instant of the journal', () => {
  test('keeps the microseconds that a Date would drop', () => {
    const earlier = parseInstant('2026-11-24T22:04:31.208001Z');
    const later = parseInstant('2026-11-24T22:04:31.208250Z');
    expect(later - earlier).toBe(249);
  });

  test('may have no fraction, or one of milliseconds', () => {
    expect(parseInstant('1970-01-01T00:00:01Z')).toBe(1_000_000);
    expect(parseInstant('1970-01-01T00:00:01.5Z')).toBe(1_500_000);
  });

  test('that cannot be read is no instant', () => {
    expect(parseInstant('yesterday')).toBeNaN();
  });
});
