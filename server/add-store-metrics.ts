import { Counter, Gauge, type Registry } from 'prom-client';
import type { Store } from './store/store.ts';
import type { LogRetention } from './topology/log-retention.ts';

/** What the event store takes, how far back it reaches, and what went from it. */
export function addStoreMetrics(
  registry: Registry,
  { store, retention }: { readonly store: Store; readonly retention: LogRetention },
): void {
  const gauges: readonly (readonly [string, string, () => number])[] = [
    ['podwire_store_bytes', 'Bytes of the event store in use', () => store.measure().usedBytes],
    ['podwire_store_file_bytes', 'Bytes of the file of the event store', () => store.measure().fileBytes],
    ['podwire_log_oldest_timestamp_seconds', 'Oldest time that can be told', () => (store.oldestMs ?? 0) / 1_000],
  ];
  for (const [name, help, read] of gauges) {
    const collect = function collect(this: Gauge): void {
      this.set(read());
    };
    registry.registerMetric(new Gauge({ name, help, registers: [], collect }));
  }
  const counters: readonly (readonly [string, string, () => number])[] = [
    ['podwire_retention_removed_entries_total', 'Entries that retention removed', () => retention.removed.entries],
    ['podwire_retention_removed_invocations_total', 'Invocations among them', () => retention.removed.events],
  ];
  for (const [name, help, read] of counters) {
    const collect = function collect(this: Counter): void {
      this.reset();
      this.inc(read());
    };
    registry.registerMetric(new Counter({ name, help, registers: [], collect }));
  }
}
