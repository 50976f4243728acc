import { collectDefaultMetrics, Gauge, Registry } from 'prom-client';
import { addStoreMetrics } from './add-store-metrics.ts';
import type { LiveHub } from './live/live-hub.ts';
import type { Store } from './store/store.ts';
import type { LogRetention } from './topology/log-retention.ts';
import type { TopologyFold } from './topology/topology-fold.ts';

/** What an operator watches, read when it is scraped. */
export function makeMetrics(parts: {
  readonly fold: TopologyFold;
  readonly hub: () => LiveHub | undefined;
  readonly store: Store;
  readonly retention: LogRetention;
}): Registry {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  const gauge = (name: string, help: string, read: () => number) =>
    new Gauge({
      name,
      help,
      registers: [registry],
      collect() {
        this.set(read());
      },
    });
  gauge('podwire_live_browsers', 'Open live connections', () => parts.hub()?.size ?? 0);
  gauge('podwire_stored_invocations', 'CNI invocations in the event store', () => parts.store.countEvents({}));
  addStoreMetrics(registry, parts);
  // The registry owns a gauge from its making on.
  new Gauge({
    name: 'podwire_agents',
    help: 'Nodes by the state of their agent',
    labelNames: ['state'],
    registers: [registry],
    collect() {
      const states = Object.values(parts.fold.cluster().nodes).map((node) => node.agent.state);
      for (const state of ['live', 'stale', 'never']) {
        this.set({ state }, states.filter((each) => each === state).length);
      }
    },
  });
  return registry;
}
