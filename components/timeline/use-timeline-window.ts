'use client';

import { useCallback, useEffect, useMemo, useState } from 'react';
import { panWindow, type TimeWindow, zoomWindow } from './time-window.ts';

export const MINUTE_US = 60_000_000;
export const DEFAULT_SPAN_US = 15 * MINUTE_US;
/** Where now stands while following: a little air to its right. */
const NOW_SHARE = 0.985;
const LONGEST_WAIT_MS = 1000;
const SHORTEST_WAIT_MS = 50;

/** Following keeps now in sight; otherwise the window stands still. */
type Mode =
  | { readonly kind: 'follow'; readonly spanUs: number }
  | { readonly kind: 'fixed'; readonly window: TimeWindow };

export type WindowControl = {
  readonly window: TimeWindow;
  readonly nowUs: number;
  readonly isFollowing: boolean;
  readonly isPaused: boolean;
  readonly follow: (spanUs?: number) => void;
  readonly show: (window: TimeWindow) => void;
  readonly zoom: (factor: number, anchor: number) => void;
  readonly pan: (share: number) => void;
  readonly setPaused: (isPaused: boolean) => void;
};

function followWindow(spanUs: number, nowUs: number): TimeWindow {
  const endUs = nowUs + spanUs * (1 - NOW_SHARE);
  return { startUs: endUs - spanUs, endUs };
}

/** The clock of the drawing: it ticks about once per pixel that it moves, and stands still while paused. */
function useNow(spanUs: number, isPaused: boolean): number {
  const [nowUs, setNowUs] = useState(0);
  useEffect(() => {
    if (isPaused) {
      return;
    }
    const read = (): void => setNowUs(Date.now() * 1000);
    read();
    const waitMs = Math.min(LONGEST_WAIT_MS, Math.max(SHORTEST_WAIT_MS, spanUs / 1000 / 1000));
    const timer = setInterval(read, waitMs);
    return () => clearInterval(timer);
  }, [spanUs, isPaused]);
  return nowUs;
}

/** Which part of time is on screen, and everything that moves it. */
export function useTimelineWindow(initialSpanUs: number = DEFAULT_SPAN_US): WindowControl {
  const [mode, setMode] = useState<Mode>({ kind: 'follow', spanUs: initialSpanUs });
  const [isPaused, setPaused] = useState(false);
  const spanUs = mode.kind === 'follow' ? mode.spanUs : mode.window.endUs - mode.window.startUs;
  const nowUs = useNow(spanUs, isPaused);
  const window = useMemo(
    () => (mode.kind === 'follow' ? followWindow(mode.spanUs, nowUs) : mode.window),
    [mode, nowUs],
  );

  const show = useCallback((next: TimeWindow) => setMode({ kind: 'fixed', window: next }), []);
  const follow = useCallback(
    (nextSpanUs?: number) => setMode({ kind: 'follow', spanUs: nextSpanUs ?? Math.max(spanUs, 1000) }),
    [spanUs],
  );
  const change = useCallback(
    (step: (window: TimeWindow) => TimeWindow) =>
      setMode((now) => ({
        kind: 'fixed',
        window: step(now.kind === 'fixed' ? now.window : followWindow(now.spanUs, Date.now() * 1000)),
      })),
    [],
  );
  /** Zooming at the edge where now is keeps following; anywhere else it means to look at that place. */
  const zoom = useCallback(
    (factor: number, anchor: number) =>
      setMode((now) => {
        if (now.kind === 'follow' && anchor > 0.9) {
          const next = zoomWindow(followWindow(now.spanUs, 0), factor, 1);
          return { kind: 'follow', spanUs: next.endUs - next.startUs };
        }
        const window = now.kind === 'fixed' ? now.window : followWindow(now.spanUs, Date.now() * 1000);
        return { kind: 'fixed', window: zoomWindow(window, factor, anchor) };
      }),
    [],
  );
  const pan = useCallback((share: number) => change((window) => panWindow(window, share)), [change]);
  return { window, nowUs, isFollowing: mode.kind === 'follow', isPaused, follow, show, zoom, pan, setPaused };
}
