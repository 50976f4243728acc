import { Counter, collectDefaultMetrics, Gauge, Registry } from 'prom-client';
import type { AgentStatus } from '#model/agent/agent-status.ts';
import type { NodeTile } from '#model/topology/topology.ts';
import type { ClusterRecorder } from '../cluster/cluster-recorder.ts';
import { CLUSTER_KINDS, WATCH_STATES, type WatchCounts } from '../cluster/watch-counts.ts';
import type { CommandDesk } from '../commands/command-desk.ts';
import type { LiveHub } from '../live/live-hub.ts';
import type { Store } from '../store/store.ts';
import type { SpanExport } from '../telemetry/span-export.ts';
import type { LogRetention } from '../topology/log-retention.ts';
import type { TopologyFold } from '../topology/topology-fold.ts';
import { type AccessMetrics, makeAccessMetrics } from './access-metrics.ts';
import { type IngestMetrics, makeIngestMetrics } from './ingest-metrics.ts';

export type MetricParts = {
  readonly fold: TopologyFold;
  readonly hub: LiveHub;
  readonly store: Store;
  readonly commands: CommandDesk;
  readonly watchCounts: WatchCounts;
  readonly cluster: Pick<ClusterRecorder, 'foldedChanges' | 'waitingObjects'>;
  readonly retention: LogRetention;
  /** Absent where nobody receives spans. */
  readonly spans?: SpanExport | undefined;
};

export type Metrics = {
  readonly registry: Registry;
  readonly ingest: IngestMetrics;
  readonly access: AccessMetrics;
};

/** What an operator watches; docs/collector.md names them all. Most are read when they are scraped. */
export function makeMetrics(parts: MetricParts): Metrics {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  addStoreMetrics(registry, parts);
  addLiveMetrics(registry, parts);
  addAgentMetrics(registry, parts);
  addWatchMetrics(registry, parts);
  if (parts.spans !== undefined) addSpanMetrics(registry, parts.spans);
  return { registry, ingest: makeIngestMetrics(registry), access: makeAccessMetrics(registry) };
}

type Read = { readonly name: string; readonly help: string; readonly read: () => number };

/** The registry owns a metric from its making on. */
function addGauge(registry: Registry, { name, help, read }: Read): void {
  new Gauge({
    name,
    help,
    registers: [registry],
    collect() {
      this.set(read());
    },
  });
}

/** A number that only grows, kept elsewhere. */
function addCounter(registry: Registry, { name, help, read }: Read): void {
  new Counter({
    name,
    help,
    registers: [registry],
    collect() {
      this.reset();
      this.inc(read());
    },
  });
}

type Labelled = {
  readonly name: string;
  readonly help: string;
  readonly labels: readonly string[];
  readonly read: () => readonly (readonly [labels: Record<string, string>, value: number])[];
};

function addLabelled(registry: Registry, { name, help, labels, read }: Labelled): void {
  new Gauge({
    name,
    help,
    labelNames: [...labels],
    registers: [registry],
    collect() {
      for (const [values, value] of read()) this.set(values, value);
    },
  });
}

function addStoreMetrics(registry: Registry, { store, retention }: MetricParts): void {
  const gauges: readonly (readonly [name: string, help: string, read: () => number])[] = [
    ['podwire_stored_invocations', 'CNI invocations in the event store', () => store.countEvents({})],
    ['podwire_store_bytes', 'Bytes of the event store in use', () => store.measure().usedBytes],
    ['podwire_store_file_bytes', 'Bytes of the file of the event store', () => store.measure().fileBytes],
    ['podwire_log_oldest_timestamp_seconds', 'Oldest time that can be told', () => (store.oldestMs ?? 0) / 1_000],
  ];
  for (const [name, help, read] of gauges) addGauge(registry, { name, help, read });
  const counters: readonly (readonly [name: string, help: string, read: () => number])[] = [
    ['podwire_retention_removed_entries_total', 'Entries that retention removed', () => retention.removed.entries],
    ['podwire_retention_removed_invocations_total', 'Invocations among them', () => retention.removed.events],
    ['podwire_retention_removed_nodes_total', 'Nodes whose last state it removed', () => retention.removed.nodes],
  ];
  for (const [name, help, read] of counters) addCounter(registry, { name, help, read });
}

function addLiveMetrics(registry: Registry, { hub }: MetricParts): void {
  addGauge(registry, {
    name: 'podwire_live_browsers',
    help: 'Open live connections',
    read: () => hub.size,
  });
  addGauge(registry, {
    name: 'podwire_live_buffered_bytes',
    help: 'What all browsers together have not read yet',
    read: () => hub.bufferedBytes,
  });
  addCounter(registry, {
    name: 'podwire_live_fallen_behind_total',
    help: 'Times that a subscription of a slow browser got a fresh snapshot instead of what it missed',
    read: () => hub.fallenBehind,
  });
}

const AGENT_STATES = ['live', 'stale', 'never'] as const;

/** Sums of what agents say of themselves since they started: they fall when an agent starts again. */
const AGENT_SUMS: readonly (readonly [name: string, help: string, read: (status: AgentStatus) => number])[] = [
  [
    'corrections',
    'Records that full readings found different from what notifications told',
    (each) => each.corrections,
  ],
  ['overflows', 'Times that a notification buffer ran over', (each) => each.notificationOverflows],
  ['folded_changes', 'Kernel changes folded because the collector did not listen', (each) => each.foldedChanges],
  ['dropped_drifts', 'Drifts dropped because too many waited', (each) => each.droppedDrifts],
  ['refused_reports', 'Reports of agents refused for good', (each) => each.refusedReports ?? 0],
  ['dropped_lines', 'Journal lines dropped unshipped', (each) => each.journal.droppedLines],
  ['refused_lines', 'Journal lines that the collector refused for good', (each) => each.journal.refusedLines],
  ['unreadable_lines', 'Journal lines that were torn or foreign', (each) => each.journal.unreadableLines],
  ['waiting_bytes', 'Journal bytes not acknowledged yet', (each) => each.journal.waitingBytes],
  ['rss_bytes', 'Memory of all agents', (each) => each.rssBytes],
];

function addAgentMetrics(registry: Registry, { fold, commands }: MetricParts): void {
  const tiles = (): readonly NodeTile[] => Object.values(fold.cluster().nodes);
  addLabelled(registry, {
    name: 'podwire_agents',
    help: 'Nodes by the state of their agent',
    labels: ['state'],
    read: () => {
      const states = tiles().map((tile) => tile.agent.state);
      return AGENT_STATES.map((state) => [{ state }, states.filter((each) => each === state).length]);
    },
  });
  addLabelled(registry, {
    name: 'podwire_findings',
    help: 'What agents find wrong now, by severity',
    labels: ['severity'],
    read: () => {
      const counts = tiles().map((tile) => tile.findings);
      return (['error', 'warning', 'notice'] as const).map((severity) => [
        { severity },
        counts.reduce((sum, each) => sum + each[severity], 0),
      ]);
    },
  });
  addGauge(registry, {
    name: 'podwire_agents_listening',
    help: 'Agents that hold a command stream open',
    read: () => commands.size,
  });
  for (const [name, help, read] of AGENT_SUMS) {
    addGauge(registry, {
      name: `podwire_agent_${name}`,
      help: `${help}, summed over all agents`,
      read: () => tiles().reduce((sum, { agent }) => sum + (agent.status === undefined ? 0 : read(agent.status)), 0),
    });
  }
}

function addWatchMetrics(registry: Registry, { watchCounts, cluster }: MetricParts): void {
  addGauge(registry, {
    name: 'podwire_watch_waiting_objects',
    help: 'What the watch saw and the event store has not taken yet',
    read: () => cluster.waitingObjects,
  });
  addCounter(registry, {
    name: 'podwire_watch_folded_changes_total',
    help: 'Changes of the cluster that nobody will see, since later ones came while the event store took none',
    read: () => cluster.foldedChanges,
  });
  addLabelled(registry, {
    name: 'podwire_watch_state',
    help: '1 for the state that the watch of a kind is in',
    labels: ['kind', 'state'],
    read: () =>
      CLUSTER_KINDS.flatMap((kind) =>
        WATCH_STATES.map((state) => [{ kind, state }, Number(watchCounts.read(kind).state === state)] as const),
      ),
  });
  addLabelled(registry, {
    name: 'podwire_watch_lists',
    help: 'Whole lists of a kind since the start: more than one means that the watch had to begin again',
    labels: ['kind'],
    read: () => CLUSTER_KINDS.map((kind) => [{ kind }, watchCounts.read(kind).lists]),
  });
  addLabelled(registry, {
    name: 'podwire_watch_changes',
    help: 'Objects that the watch put or removed since the start',
    labels: ['kind', 'change'],
    read: () =>
      CLUSTER_KINDS.flatMap((kind) => {
        const { puts, removes } = watchCounts.read(kind);
        return [
          [{ kind, change: 'put' }, puts],
          [{ kind, change: 'remove' }, removes],
        ] as const;
      }),
  });
}

function addSpanMetrics(registry: Registry, spans: SpanExport): void {
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
