import { randomUUID } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import { join } from 'node:path';
import type { Logger } from 'pino';
import { fail, type Result, succeed } from '#model/result.ts';
import { countEvents, listEvents } from './access/list-events.ts';
import { createApi } from './api/create-api.ts';
import type { LabClient } from './api/lab-client.ts';
import { Gate } from './auth/gate.ts';
import type { Reviewer } from './auth/review-client.ts';
import { ONLY_PERSON, type Viewer } from './auth/viewer.ts';
import type { ClusterSink } from './cluster/cluster-sink.ts';
import { WatchCounts } from './cluster/watch-counts.ts';
import { Collector } from './collector/collector.ts';
import { CommandDesk } from './commands/command-desk.ts';
import type { Config, Obstacle } from './config.ts';
import { HttpServer } from './http-server.ts';
import { LiveHub } from './live/live-hub.ts';
import type { LiveSource } from './live/live-source.ts';
import { type Metrics, makeMetrics } from './metrics/make-metrics.ts';
import { openLog } from './open-log.ts';
import { openStore } from './store/open-store.ts';
import { STORE_FILE } from './store/storage-error.ts';
import type { Store } from './store/store.ts';
import { WalKeeper } from './store/wal-keeper.ts';
import type { SpanExport } from './telemetry/span-export.ts';
import { GoneNodes } from './topology/gone-nodes.ts';
import { LogRetention } from './topology/log-retention.ts';
import { makeOpenView } from './topology/open-view.ts';
import { shareCluster } from './topology/share-cluster.ts';
import type { TopologyFold } from './topology/topology-fold.ts';
import { Upkeep } from './upkeep.ts';

export type RunningServer = AsyncDisposable & {
  readonly port: number;
  readonly fold: TopologyFold;
  readonly http: HttpServer;
  /** Where a watch of the cluster puts what it sees. */
  readonly cluster: ClusterSink;
  readonly watchCounts: WatchCounts;
  readonly hub: LiveHub;
  setLab(lab: LabClient | undefined): void;
  setReady(): void;
};

type Options = {
  readonly log: Logger;
  readonly clock: () => Date;
  readonly version: string;
  /** Absent where nobody receives spans. */
  readonly spans?: SpanExport | undefined;
  /** Whom to ask who people are; needed where `config.access` says that they log in. */
  readonly reviewer?: Reviewer | undefined;
  /** Who sends a request with these headers, where nobody logs in. Absent: the one person at this machine. */
  readonly viewerFor?: ((headers: IncomingHttpHeaders) => Viewer) | undefined;
};

const SNAPSHOT_INVOCATIONS = 500;

/** Store, fold, API and live hub on their two doors; without the cluster watch, the lab and the web app. */
export async function startServer(config: Config, options: Options): Promise<Result<RunningServer, Obstacle>> {
  const path = join(config.dataFolder, STORE_FILE);
  const { spans, viewerFor = () => ONLY_PERSON } = options;
  const opened = openStore(path);
  if (!opened.ok) return opened;
  const store = opened.value;
  const log = openLog({ store, path, source: config.cluster, ...options });
  if (!log.ok) return log;
  const { fold, recorder, cluster } = log.value;
  const retention = new LogRetention({
    store,
    limits: config.retention,
    gone: new GoneNodes({ store, recorder, fold }),
  });
  const wal = new WalKeeper(store.database, path);
  const watchCounts = new WatchCounts();
  const commands = new CommandDesk({ createId: randomUUID });
  const hub = new LiveHub({ fold, ...options, source: readLive(store, fold, options.clock) });
  const state: { lab?: LabClient | undefined; isReady: boolean } = { isReady: false };
  const metrics = makeMetrics({ fold, store, retention, commands, watchCounts, cluster, hub, spans });
  const gate = config.access.needsLogin ? openGate({ config, options, store, metrics }) : undefined;
  const onBatch = metrics.ingest.taken;
  const api = createApi({
    ...{ store, commands, metrics, gate, viewerFor, log: options.log },
    openView: makeOpenView({ store, fold, clock: options.clock }),
    collector: new Collector({ recorder, fold, log: options.log, onBatch, commandResults: commands.hear, spans }),
    lab: () => state.lab,
    isReady: () => state.isReady,
    storeTrouble: () => recorder.trouble?.message,
  });
  const http = new HttpServer({ api, hub, gate, viewerFor, access: config.access, metrics });
  const upkeep = new Upkeep({ fold, recorder, retention, ...options });
  const dispose = async () => {
    upkeep.close();
    gate?.[Symbol.dispose]();
    hub.close();
    commands.close();
    await http[Symbol.asyncDispose]();
    cluster.close();
    upkeep.finish();
    await wal[Symbol.asyncDispose]();
    store.close();
  };
  const doors = await openDoors(http, config);
  if (!doors.ok) {
    await dispose();
    return doors;
  }
  return succeed({
    ...{ port: doors.value, fold, cluster, http, watchCounts, hub },
    setLab: (lab) => void Object.assign(state, { lab }),
    setReady: () => void Object.assign(state, { isReady: true }),
    [Symbol.asyncDispose]: dispose,
  });
}

function openGate(given: {
  readonly config: Config;
  readonly options: Options;
  readonly store: Store;
  readonly metrics: Metrics;
}): Gate {
  const { reviewer, clock } = given.options;
  if (reviewer === undefined) throw new Error('a login is needed and nobody can be asked');
  return new Gate({
    reviewer: given.metrics.access.countReviews(reviewer),
    agentAccount: given.config.access.agentAccount,
    listNamespaces: () => given.store.facts.listNamespaces('pod'),
    nowMs: () => clock().getTime(),
  });
}

async function openDoors(http: HttpServer, config: Config): Promise<Result<number, Obstacle>> {
  try {
    const port = await http.listen(config.host, config.port);
    await http.listenUnix(config.collectorSocket);
    return succeed(port);
  } catch (error) {
    return fail(describeListenError(error as NodeJS.ErrnoException, config));
  }
}

function describeListenError(error: NodeJS.ErrnoException, config: Config): Obstacle {
  const place = `${config.host}:${config.port}`;
  if (error.code === 'EADDRINUSE' && error.path === config.collectorSocket) {
    const remedy = 'Stop it, or choose another folder with PODWIRE_DATA.';
    return { problem: `Another Podwire uses the data folder ${config.dataFolder}.`, remedy };
  }
  if (error.code === 'EADDRINUSE') {
    const remedy = `Stop what listens there, or choose another: PODWIRE_LISTEN=${config.host}:${config.port + 1}`;
    return { problem: `Port ${place} is taken.`, remedy };
  }
  if (error.code === 'EACCES') {
    return {
      problem: `${place} may not be opened: ${error.message}.`,
      remedy: 'Choose a port above 1023: PODWIRE_LISTEN=127.0.0.1:7639',
    };
  }
  return {
    problem: `Podwire cannot listen: ${error.message}.`,
    remedy: 'Choose another place with PODWIRE_LISTEN or PODWIRE_DATA.',
  };
}

function readLive(store: Store, fold: TopologyFold, clock: () => Date): LiveSource {
  return {
    cluster: () => fold.cluster(),
    shared: (topology) => shareCluster(fold, topology, clock),
    node: (name) => fold.node(name),
    invocations: (filter, scope) => {
      const { events } = listEvents(store, { filter, scope, limit: SNAPSHOT_INVOCATIONS });
      return {
        invocations: events.toReversed(),
        olderCount: Math.max(0, countEvents(store, { filter, scope }) - events.length),
      };
    },
  };
}
