import { describe, expect, test } from 'vitest';
import { formatWindow, parseWindow, type ShownWindow } from './shown-window.ts';

describe('the window of time in an address', () => {
  test.each<ShownWindow>([
    { kind: 'follow', spanUs: 60_000_000 },
    { kind: 'fixed', window: { startUs: 1_795_000_000_000_000, endUs: 1_795_000_000_000_010 } },
  ])('is the one that was written: %o', (shown) => {
    expect(parseWindow(formatWindow(shown))).toEqual(shown);
  });

  test.each([null, '', 'week', '5', '-5', '20-10', '1-99999999999999999'])('is not read from %o', (text) => {
    expect(parseWindow(text)).toBeUndefined();
  });
});
