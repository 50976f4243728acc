import { timeFormat } from 'd3-time-format';

const formatSeconds = timeFormat('%H:%M:%S');

/**
 * Local wall-clock time with milliseconds, `22:04:31.208`.
 * @param instant RFC 3339; what cannot be read is given back as it is
 */
export function formatClock(instant: string): string {
  const date = new Date(instant);
  return Number.isNaN(date.getTime())
    ? instant
    : `${formatSeconds(date)}.${String(date.getMilliseconds()).padStart(3, '0')}`;
}
