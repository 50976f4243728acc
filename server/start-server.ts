import { join } from 'node:path';
import type { Logger } from 'pino';
import { fail, type Result, succeed } from '#model/result.ts';
import { createApi } from './api/create-api.ts';
import type { LabClient } from './api/lab-client.ts';
import { Collector } from './collector/collector.ts';
import type { Config, Obstacle } from './config.ts';
import { HttpServer } from './http-server.ts';
import { LiveHub } from './live/live-hub.ts';
import { makeMetrics } from './make-metrics.ts';
import { openStore } from './store/open-store.ts';
import type { Store } from './store/store.ts';
import type { SpanExport } from './telemetry/span-export.ts';
import { TopologyFold } from './topology/topology-fold.ts';

export type RunningServer = AsyncDisposable & {
  readonly port: number;
  readonly fold: TopologyFold;
  readonly http: HttpServer;
  setLab(lab: LabClient | undefined): void;
  setReady(): void;
};

type Options = {
  readonly log: Logger;
  readonly clock: () => Date;
  readonly version: string;
  /** Absent where nobody receives spans. */
  readonly spans?: SpanExport | undefined;
};

const TICK_MS = 1_000;
const SAVE_KERNELS_MS = 10_000;
const SNAPSHOT_INVOCATIONS = 500;

/** Store, fold, API and live hub on their two doors; without the cluster watch, the lab and the web app. */
export async function startServer(config: Config, options: Options): Promise<Result<RunningServer, Obstacle>> {
  const opened = openStore(join(config.dataFolder, 'podwire.db'));
  if (!opened.ok) return opened;
  const store = opened.value;
  const fold = new TopologyFold(options.clock, { source: config.cluster });
  restore(store, fold);
  let hub: LiveHub | undefined;
  let lab: LabClient | undefined;
  let isReady = false;
  const api = createApi({
    store,
    fold,
    collector: new Collector({ store, fold, ...options }),
    log: options.log,
    metrics: makeMetrics({ fold, store, hub: () => hub, spans: options.spans }),
    lab: () => lab,
    isReady: () => isReady,
  });
  hub = new LiveHub({ fold, ...options, source: readLive(store, fold) });
  const http = new HttpServer(api, hub);
  const timers = [
    setInterval(() => fold.tick(), TICK_MS),
    setInterval(() => saveKernels(store, fold), SAVE_KERNELS_MS),
  ];
  const dispose = async () => {
    for (const timer of timers) clearInterval(timer);
    hub.close();
    await http[Symbol.asyncDispose]();
    saveKernels(store, fold);
    fold.close();
    store.close();
  };
  const doors = await openDoors(http, config);
  if (!doors.ok) {
    await dispose();
    return doors;
  }
  return succeed({
    port: doors.value,
    fold,
    http,
    setLab: (client) => {
      lab = client;
    },
    setReady: () => {
      isReady = true;
    },
    [Symbol.asyncDispose]: dispose,
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

/** A restart shows at once what was known; the agents' state is stale until they speak. */
function restore(store: Store, fold: TopologyFold): void {
  for (const { snapshot, lastSeen, agentVersion } of store.listKernels()) {
    fold.restoreKernel(snapshot, { lastSeen, version: agentVersion });
  }
  for (const { node, event } of store.readForFold()) fold.addInvocations(node, [event], true);
}

/** Only states that an agent confirmed in this run: an older one is on disk already. */
function saveKernels(store: Store, fold: TopologyFold): void {
  for (const { snapshot, lastSeen, version } of fold.kernels()) store.saveKernel(snapshot, { lastSeen, version });
}

function readLive(store: Store, fold: TopologyFold) {
  return {
    cluster: () => fold.cluster(),
    node: (name: string) => fold.node(name),
    invocations: (filter: { readonly node?: string | undefined; readonly pod?: string | undefined }) => {
      const { events } = store.listEvents(filter, SNAPSHOT_INVOCATIONS);
      return {
        invocations: events.toReversed(),
        olderCount: Math.max(0, store.countEvents(filter) - events.length),
      };
    },
  };
}
