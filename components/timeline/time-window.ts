/** A part of time on screen, in microseconds since 1970. */
export type TimeWindow = { readonly startUs: number; readonly endUs: number };

/** Ten microseconds across the screen: one is plainly visible, and a double still tells them apart. */
export const SHORTEST_SPAN_US = 10;
export const LONGEST_SPAN_US = 8 * 24 * 3600 * 1_000_000;

/**
 * Zooms so that what is under the pointer stays there.
 * @param factor above 1 shows less time, below 1 more
 * @param anchor place of the pointer, 0 (left) to 1 (right)
 */
export function zoomWindow({ startUs, endUs }: TimeWindow, factor: number, anchor: number): TimeWindow {
  const spanUs = endUs - startUs;
  const nextUs = Math.min(LONGEST_SPAN_US, Math.max(SHORTEST_SPAN_US, spanUs / factor));
  const fixedUs = startUs + spanUs * anchor;
  const nextStartUs = fixedUs - nextUs * anchor;
  return { startUs: nextStartUs, endUs: nextStartUs + nextUs };
}

/** Moves the window by a share of its own span; positive is later. */
export function panWindow({ startUs, endUs }: TimeWindow, share: number): TimeWindow {
  const byUs = (endUs - startUs) * share;
  return { startUs: startUs + byUs, endUs: endUs + byUs };
}
