import { fail, type Result, succeed } from '#model/result.ts';
import { restrictView } from '../access/restrict-view.ts';
import type { Scope } from '../auth/scope.ts';
import type { Store } from '../store/store.ts';
import { PastView } from './past-view.ts';
import { viewPresent } from './present-view.ts';
import type { TopologyFold } from './topology-fold.ts';
import type { TopologyView, WholeView } from './topology-view.ts';

export type TimeProblem = { readonly reason: 'before-retention'; readonly detail: string };

/** Opens the state of a time, RFC 3339 as checked by the route, without one of now, as somebody may see it. */
export type OpenView = (at: string | undefined, scope: Scope) => Result<TopologyView, TimeProblem>;

/**
 * The state at a time. A time that has not come yet is answered as now: what is known then nobody knows, and a dashboard
 * whose clock is a little ahead must not fail. What was before the oldest kept time cannot be told and is refused.
 */
export function makeOpenView(parts: {
  readonly store: Store;
  readonly fold: TopologyFold;
  readonly clock: () => Date;
}): OpenView {
  const { store, fold, clock } = parts;
  const openWhole = (at: string | undefined): Result<WholeView, TimeProblem> => {
    if (at === undefined) return succeed(viewPresent(store, fold, clock));
    const atMs = Date.parse(at);
    if (atMs >= clock().getTime()) return succeed(viewPresent(store, fold, clock));
    const oldestMs = store.oldestMs ?? clock().getTime();
    if (atMs >= oldestMs) return succeed(new PastView(store, atMs));
    const oldest = new Date(oldestMs).toISOString();
    return fail({ reason: 'before-retention', detail: `Nothing is kept of ${at}; the oldest time is ${oldest}.` });
  };
  return (at, scope) => {
    const view = openWhole(at);
    return view.ok ? succeed(restrictView(view.value, scope)) : view;
  };
}
