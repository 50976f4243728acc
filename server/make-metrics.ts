import { Counter, collectDefaultMetrics, Gauge, Registry } from 'prom-client';
import type { LiveHub } from './live/live-hub.ts';
import type { Store } from './store/store.ts';
import type { SpanExport } from './telemetry/span-export.ts';
import type { TopologyFold } from './topology/topology-fold.ts';

/** What an operator watches, read when it is scraped. */
export function makeMetrics(parts: {
  readonly fold: TopologyFold;
  readonly hub: () => LiveHub | undefined;
  readonly store: Store;
  readonly spans?: SpanExport | undefined;
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
  if (parts.spans !== undefined) countSpans(registry, parts.spans);
  return registry;
}

function countSpans(registry: Registry, spans: SpanExport): void {
  new Counter({
    name: 'podwire_traced_invocations_total',
    help: 'CNI invocations by what became of their spans',
    labelNames: ['outcome'],
    registers: [registry],
    collect() {
      const { exported, droppedQueueFull, droppedExportFailed } = spans.counts;
      this.reset();
      this.inc({ outcome: 'exported' }, exported);
      this.inc({ outcome: 'dropped_queue_full' }, droppedQueueFull);
      this.inc({ outcome: 'dropped_export_failed' }, droppedExportFailed);
    },
  });
}
