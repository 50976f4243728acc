import { History } from 'lucide-react';
import type { LiveState } from '../live/live-state.ts';
import { formatClock } from '../timeline/format-clock.ts';

/** Says that what stands below is as of then, not now. Nothing while it is live. */
export function StaleNotice({ state }: { readonly state: LiveState<unknown> }) {
  if (state.status !== 'stale') {
    return null;
  }
  const since = state.since === undefined ? 'a while ago' : formatClock(state.since).slice(0, 8);
  return (
    <p
      role="status"
      className="hatched flex shrink-0 items-center gap-2 border-line border-b px-4 py-1.5 text-text-2 md:px-6"
    >
      <History aria-hidden size={14} className="shrink-0 text-warning" />
      <span>
        Shown as it was at <span className="font-mono">{since}</span>; the collector has not been heard since.
      </span>
    </p>
  );
}
