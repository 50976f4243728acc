/**
 * A duration in the unit a person would say it in: `180 µs`, `4.61 ms`, `1.20 s`, `3 min 5 s`.
 * @param durationUs microseconds
 */
export function formatDuration(durationUs: number): string {
  if (durationUs < 1000) {
    return `${Math.round(durationUs)} µs`;
  }
  if (durationUs < 1_000_000) {
    const ms = durationUs / 1000;
    return `${ms < 10 ? ms.toFixed(2) : ms < 100 ? ms.toFixed(1) : ms.toFixed(0)} ms`;
  }
  const seconds = durationUs / 1_000_000;
  if (seconds < 60) {
    return `${seconds < 10 ? seconds.toFixed(2) : seconds.toFixed(1)} s`;
  }
  return formatLongDuration(Math.round(seconds));
}

function formatLongDuration(seconds: number): string {
  if (seconds < 3600) {
    return `${Math.floor(seconds / 60)} min ${seconds % 60} s`;
  }
  const minutes = Math.floor(seconds / 60);
  return minutes < 1440
    ? `${Math.floor(minutes / 60)} h ${minutes % 60} min`
    : `${Math.floor(minutes / 1440)} d ${Math.floor((minutes % 1440) / 60)} h`;
}
