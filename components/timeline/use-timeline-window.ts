'use client';

import { type Dispatch, type SetStateAction, useCallback, useEffect, useMemo, useState } from 'react';
import { useUrlValue } from '../shell/use-url-value.ts';
import { formatWindow, parseWindow, type ShownWindow } from './shown-window.ts';
import { panWindow, type TimeWindow, zoomWindow } from './time-window.ts';

export const MINUTE_US = 60_000_000;
const DEFAULT_SPAN_US = 15 * MINUTE_US;
/** A drag moves the window many times a second; browsers allow fewer changes of the address. */
const SETTLE_MS = 300;
/** Where now stands while following: a little air to its right. */
const NOW_SHARE = 0.985;
const LONGEST_WAIT_MS = 1000;
const SHORTEST_WAIT_MS = 50;

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

/** The window of the address, `?window=`, and its setter, which writes it back when it has come to rest. */
function useShownWindow(): readonly [ShownWindow, Dispatch<SetStateAction<ShownWindow>>] {
  const [mode, setMode] = useState<ShownWindow>({ kind: 'follow', spanUs: DEFAULT_SPAN_US });
  const [, save] = useUrlValue('window');
  useEffect(() => {
    const restored = parseWindow(new URLSearchParams(window.location.search).get('window'));
    if (restored !== undefined) {
      setMode(restored);
    }
  }, []);
  useEffect(() => {
    const isDefault = mode.kind === 'follow' && mode.spanUs === DEFAULT_SPAN_US;
    const timer = setTimeout(() => save(isDefault ? undefined : formatWindow(mode)), SETTLE_MS);
    return () => clearTimeout(timer);
  }, [mode, save]);
  return [mode, setMode];
}

/** Which part of time is on screen, and everything that moves it. */
export function useTimelineWindow(): WindowControl {
  const [mode, setMode] = useShownWindow();
  const [isPaused, setPaused] = useState(false);
  const spanUs = mode.kind === 'follow' ? mode.spanUs : mode.window.endUs - mode.window.startUs;
  const nowUs = useNow(spanUs, isPaused);
  const window = useMemo(
    () => (mode.kind === 'follow' ? followWindow(mode.spanUs, nowUs) : mode.window),
    [mode, nowUs],
  );

  const show = useCallback((next: TimeWindow) => setMode({ kind: 'fixed', window: next }), [setMode]);
  const follow = useCallback(
    (nextSpanUs?: number) => setMode({ kind: 'follow', spanUs: nextSpanUs ?? Math.max(spanUs, 1000) }),
    [spanUs, setMode],
  );
  const change = useCallback(
    (step: (window: TimeWindow) => TimeWindow) =>
      setMode((now) => ({
        kind: 'fixed',
        window: step(now.kind === 'fixed' ? now.window : followWindow(now.spanUs, Date.now() * 1000)),
      })),
    [setMode],
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
    [setMode],
  );
  const pan = useCallback((share: number) => change((window) => panWindow(window, share)), [change]);
  return { window, nowUs, isFollowing: mode.kind === 'follow', isPaused, follow, show, zoom, pan, setPaused };
}
