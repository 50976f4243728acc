import { timeFormat } from 'd3-time-format';
import { formatClock } from './format-clock.ts';

const formatDate = timeFormat('%Y-%m-%d');

/** When something was that may be long ago, local time: the clock today, with the date before it on other days. */
export function formatMoment(instant: string, now: Date): string {
  const clock = formatClock(instant).slice(0, 8);
  const date = formatDate(new Date(instant));
  return date === formatDate(now) ? clock : `${date} ${clock}`;
}
