'use client';

import type { ConnectionState } from '../live/live-state.ts';
import { useConnection } from '../live/use-connection.ts';
import { formatClock } from '../timeline/format-clock.ts';

type ConnectionWords = { readonly label: string; readonly detail: string; readonly look: string };

const clockOf = (since: string): string => formatClock(since).slice(0, 8);

function describeConnection({ state, since, lagMs }: ConnectionState): ConnectionWords {
  switch (state) {
    case 'live':
      return {
        label: 'Live',
        detail: lagMs === undefined || lagMs < 1000 ? '' : `${(lagMs / 1000).toFixed(1)} s behind`,
        look: 'bg-good',
      };
    case 'catching-up':
      return { label: 'Catching up', detail: '', look: 'bg-warning' };
    case 'connecting':
      return { label: 'Connecting', detail: '', look: 'border-2 border-text-3 hatched' };
    case 'stale':
      return { label: 'Stale', detail: `silent since ${clockOf(since)}`, look: 'rounded-none rotate-45 bg-warning' };
    case 'gone':
      return { label: 'Collector gone', detail: `since ${clockOf(since)}`, look: 'rounded-none bg-bad' };
  }
}

/** Whether the page shows what is now: a shape, a word and a colour. */
export function ConnectionBadge() {
  const connection = useConnection();
  const { label, detail, look } = describeConnection(connection);
  return (
    <p
      role="status"
      data-connection={connection.state}
      title={`${label} since ${clockOf(connection.since)}`}
      className="flex items-center justify-end gap-2 whitespace-nowrap text-xs xl:min-w-[106px]"
    >
      <span aria-hidden className={`size-2 shrink-0 rounded-full ${look}`} />
      <span className="font-semibold">{label}</span>
      {detail !== '' && <span className="hidden text-text-2 sm:inline">{detail}</span>}
    </p>
  );
}
