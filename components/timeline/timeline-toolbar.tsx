'use client';

import { Minus, Pause, Play, Plus, Radio, X } from 'lucide-react';
import { Button } from '../ui/button.tsx';
import { formatDuration } from '../ui/format-duration.ts';
import type { WindowStatistics } from './summarize-window.ts';
import { MINUTE_US, type WindowControl } from './use-timeline-window.ts';

const PRESETS = [
  { label: '1 min', spanUs: MINUTE_US },
  { label: '15 min', spanUs: 15 * MINUTE_US },
  { label: '1 h', spanUs: 60 * MINUTE_US },
  { label: '24 h', spanUs: 24 * 60 * MINUTE_US },
  { label: '7 d', spanUs: 7 * 24 * 60 * MINUTE_US },
] as const;

/** In a narrow place the sign stands alone; the word is read out all the same. */
const ROOMY = 'sr-only @5xl:not-sr-only';

type TimelineToolbarProps = {
  readonly control: WindowControl;
  readonly statistics: WindowStatistics;
  /** Arrived while paused. */
  readonly bufferedCount: number;
  /** Held by the collector beyond what this view has. */
  readonly olderCount: number;
  /** Leads to the newest failure in the window. */
  readonly onFailed: () => void;
};

/** Numbers of the window at the left, what moves it at the right. */
export function TimelineToolbar({ control, statistics, bufferedCount, olderCount, onFailed }: TimelineToolbarProps) {
  const spanUs = control.window.endUs - control.window.startUs;
  return (
    <div className="flex flex-wrap items-center gap-x-4 gap-y-1.5">
      <h2 className="heading">CNI invocations</h2>
      <StatisticsLine
        statistics={statistics}
        spanUs={spanUs}
        isFollowing={control.isFollowing}
        olderCount={olderCount}
        onFailed={onFailed}
      />
      <TimelineLegend />
      <div className="-mx-2 flex max-w-[calc(100%+1rem)] items-center gap-1 overflow-x-auto px-1 py-0.5 @2xl:ml-auto">
        <Button
          isPressed={control.isPaused}
          onClick={() => control.setPaused(!control.isPaused)}
          title="Freezes the view; what arrives meanwhile is kept (p)"
        >
          {control.isPaused ? <Play aria-hidden size={13} /> : <Pause aria-hidden size={13} />}
          {control.isPaused ? (
            `Resume${bufferedCount > 0 ? ` · ${bufferedCount} waiting` : ''}`
          ) : (
            <span className={ROOMY}>Pause</span>
          )}
        </Button>
        <Button
          isPressed={control.isFollowing && !control.isPaused}
          onClick={() => {
            control.setPaused(false);
            control.follow(spanUs < 10_000_000 ? MINUTE_US : undefined);
          }}
          title="Keeps now in sight (f)"
        >
          <Radio aria-hidden size={13} />
          <span className={ROOMY}>Follow</span>
        </Button>
        <span aria-hidden className="mx-1 h-4 w-px bg-line" />
        {PRESETS.map((preset) => (
          <Button
            key={preset.label}
            isPressed={control.isFollowing && Math.abs(spanUs / preset.spanUs - 1) < 0.01}
            onClick={() => control.follow(preset.spanUs)}
            className="px-2"
          >
            {preset.label}
          </Button>
        ))}
        <span aria-hidden className="mx-1 h-4 w-px bg-line" />
        <Button aria-label="Zoom out" title="Zoom out (-)" className="px-1.5" onClick={() => control.zoom(0.5, 1)}>
          <Minus aria-hidden size={14} />
        </Button>
        <Button
          aria-label="Zoom in"
          title="Zoom in (+)"
          className="px-1.5"
          onClick={() => control.zoom(2, control.isFollowing ? 1 : 0.5)}
        >
          <Plus aria-hidden size={14} />
        </Button>
      </div>
    </div>
  );
}

/** Shapes and what they stand for. */
function TimelineLegend() {
  return (
    <ul aria-label="Legend" className="hidden items-center gap-3 text-[11px] text-text-3 2xl:flex">
      <li className="flex items-center gap-1.5">
        <span aria-hidden className="h-3 w-[5px] rounded-[1.5px] bg-veth" /> ADD
      </li>
      <li className="flex items-center gap-1.5">
        <span aria-hidden className="h-3 w-[5px] rounded-[1px] border-[1.5px] border-veth" /> DEL
      </li>
      <li className="flex items-center gap-1.5">
        <span aria-hidden className="size-2 rounded-full border-[1.8px] border-veth" /> CHECK
      </li>
      <li className="flex items-center gap-1">
        <X aria-hidden size={12} strokeWidth={3} className="text-bad" /> failed
      </li>
      <li className="flex items-center gap-1.5">
        <span aria-hidden className="h-2 w-5 bg-[var(--veth-band)]" /> attached
      </li>
    </ul>
  );
}

type StatisticsLineProps = {
  readonly statistics: WindowStatistics;
  readonly spanUs: number;
  readonly isFollowing: boolean;
  readonly olderCount: number;
  readonly onFailed: () => void;
};

/** Spans in the words of the presets: `15 min`, not `15 min 0 s`. */
function nameSpan(spanUs: number): string {
  return formatDuration(spanUs).replace(/ 0 (s|min|h)$/, '');
}

function StatisticsLine({ statistics, spanUs, isFollowing, olderCount, onFailed }: StatisticsLineProps) {
  const { total, adds, dels, others, failed, addP50Us, addP99Us } = statistics;
  const span = nameSpan(spanUs);
  const words = [
    `${total} in ${isFollowing ? `the last ${span}` : `these ${span}`}`,
    `${adds} ADD`,
    `${dels} DEL`,
    ...(others > 0 ? [`${others} other`] : []),
  ];
  const durations = [
    ...(addP50Us === undefined ? [] : [`p50 ${formatDuration(addP50Us)}`]),
    ...(addP99Us === undefined ? [] : [`p99 ${formatDuration(addP99Us)}`]),
    ...(olderCount > 0 ? [`${olderCount} older not loaded`] : []),
  ];
  return (
    <p data-statistics className="text-text-2 text-xs">
      {words.join(' · ')}
      {' · '}
      {failed === 0 ? (
        '0 failed'
      ) : (
        <button
          type="button"
          title="To the newest failure"
          onClick={onFailed}
          className="font-semibold text-bad underline decoration-bad/50 underline-offset-2 hover:decoration-bad"
        >
          {failed} failed
        </button>
      )}
      {durations.map((text) => ` · ${text}`)}
    </p>
  );
}
