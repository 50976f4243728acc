import { type Scope, seesEverything } from '../auth/scope.ts';
import type { EventFilter } from '../store/build-event-filter.ts';
import type { EventPage } from '../store/event-table.ts';
import type { Store } from '../store/store.ts';
import { restrictSummary } from './restrict-invocation.ts';
import { seesPod } from './sees-owner.ts';

type Asked = { readonly filter: EventFilter; readonly scope: Scope };

/** A page of invocations that somebody may see, newest first. */
export function listEvents(
  store: Pick<Store, 'listEvents'>,
  { filter, limit, scope }: Asked & { readonly limit: number },
): EventPage {
  const narrowed = narrowFilter(filter, scope);
  if (narrowed === undefined) return { events: [] };
  const page = store.listEvents(narrowed, limit);
  return { ...page, events: page.events.flatMap((summary) => restrictSummary(summary, scope) ?? []) };
}

/** How many there are. */
export function countEvents(store: Pick<Store, 'countEvents'>, { filter, scope }: Asked): number {
  const narrowed = narrowFilter(filter, scope);
  return narrowed === undefined ? 0 : store.countEvents(narrowed);
}

/** The filter with what may be seen; `undefined` where that is nothing. */
function narrowFilter(filter: EventFilter, scope: Scope): EventFilter | undefined {
  if (seesEverything(scope)) return filter;
  if (filter.pod !== undefined) return seesPod(scope, filter.pod) ? filter : undefined;
  return { ...filter, owners: { namespaces: scope.namespaces, isWithNode: scope.seesNodes } };
}
