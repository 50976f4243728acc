import { ticks } from 'd3-array';
import { scaleTime } from 'd3-scale';
import { timeFormat } from 'd3-time-format';
import { placeInstant } from './layout-timeline.ts';
import type { TimeWindow } from './time-window.ts';

export type AxisTick = { readonly xPx: number; readonly label: string };

const SECOND_US = 1_000_000;
const PER_TICK_PX = 130;

const formatMinute = timeFormat('%H:%M');
const formatSecond = timeFormat('%H:%M:%S');
const formatDay = timeFormat('%a %d %b');
const formatDayAndHour = timeFormat('%a %H:%M');

/**
 * Ticks of the time axis in the reader's own time zone, from days down to single microseconds. Below two seconds the
 * calendar has no more steps to offer, and round parts of a second take over.
 */
export function layoutTimeAxis(window: TimeWindow, widthPx: number): readonly AxisTick[] {
  const count = Math.max(2, Math.floor(widthPx / PER_TICK_PX));
  const spanUs = window.endUs - window.startUs;
  return spanUs > 2 * SECOND_US
    ? layoutCalendarTicks(window, widthPx, count)
    : layoutFractionTicks(window, widthPx, count);
}

function layoutCalendarTicks(window: TimeWindow, widthPx: number, count: number): readonly AxisTick[] {
  const scale = scaleTime().domain([new Date(window.startUs / 1000), new Date(window.endUs / 1000)]);
  const format = chooseFormat(window.endUs - window.startUs);
  return scale
    .ticks(count)
    .map((date) => ({ xPx: placeInstant(date.getTime() * 1000, window, widthPx), label: format(date) }));
}

function chooseFormat(spanUs: number): (date: Date) => string {
  if (spanUs > 3 * 86_400 * SECOND_US) {
    return formatDay;
  }
  if (spanUs > 20 * 3600 * SECOND_US) {
    return formatDayAndHour;
  }
  return spanUs > 8 * 60 * SECOND_US ? formatMinute : formatSecond;
}

function layoutFractionTicks(window: TimeWindow, widthPx: number, count: number): readonly AxisTick[] {
  const baseUs = Math.floor(window.startUs / SECOND_US) * SECOND_US;
  const steps = ticks(window.startUs - baseUs, window.endUs - baseUs, count).filter(Number.isInteger);
  const stepUs = (steps[1] ?? 1000) - (steps[0] ?? 0);
  const digits = stepUs >= 100_000 ? 1 : stepUs >= 10_000 ? 2 : stepUs >= 1000 ? 3 : 6;
  return steps.map((offsetUs) => ({
    xPx: placeInstant(baseUs + offsetUs, window, widthPx),
    label: formatFraction(baseUs + offsetUs, digits),
  }));
}

function formatFraction(instantUs: number, digits: number): string {
  const seconds = formatSecond(new Date(Math.floor(instantUs / SECOND_US) * 1000));
  const fraction = String(Math.round(instantUs % SECOND_US))
    .padStart(6, '0')
    .slice(0, digits);
  return `${seconds}.${fraction}`;
}
