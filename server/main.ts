import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { KubeConfig } from '@kubernetes/client-node';
import pino, { type Logger } from 'pino';
import { fail, type Result, succeed } from '#model/result.ts';
import type { LabClient } from './api/lab-client.ts';
import { ReviewClient } from './auth/review-client.ts';
import { boundGarbage } from './bound-garbage.ts';
import { ClusterWatch } from './cluster/watch-cluster.ts';
import { type Config, type Obstacle, readConfig } from './config.ts';
import { LabProcess } from './lab-process.ts';
import { startPages } from './start-pages.ts';
import { type RunningServer, startServer } from './start-server.ts';
import { describeStorageTrouble, isStorageError, STORE_FILE } from './store/storage-error.ts';
import { SpanExport } from './telemetry/span-export.ts';

/** Wires every part of the server, and ends them in the opposite order. */

const HOUSE = dirname(dirname(fileURLToPath(import.meta.url)));
/** A part that hangs while closing must not keep the terminal. */
const CLOSE_WITHIN_MS = 12_000;

const say = (line: string): void => void process.stdout.write(`${line}\n`);
const complain = (obstacle: Obstacle): void => void process.stderr.write(`${obstacle.problem} ${obstacle.remedy}\n`);

async function main(): Promise<void> {
  const config = readConfig(process.env, process.cwd());
  if (!config.ok) {
    complain(config.error);
    process.exitCode = 1;
    return;
  }
  const log = pino({ level: config.value.logLevel }, pino.destination({ dest: 2, sync: true }));
  await using parts = new AsyncDisposableStack();
  const stop = Promise.withResolvers<number>();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => stop.resolve(0));
  let isRefused = false;
  const refuse = (obstacle: Obstacle) => {
    if (!isRefused) complain(obstacle);
    isRefused = true;
    stop.resolve(1);
  };
  const kubeConfig = readKubeConfig(config.value);
  if (!kubeConfig.ok) {
    complain(kubeConfig.error);
    process.exitCode = 1;
    return;
  }
  const version = readVersion();
  const spans = config.value.sendsSpans ? parts.use(new SpanExport({ log, version })) : undefined;
  let isStarted = false;
  // Damage may be found at any time, by a timer too: that ends as it does at the start, in one line.
  process.on('uncaughtException', (error) => {
    if (isStorageError(error)) refuse(describeStorageTrouble(join(config.value.dataFolder, STORE_FILE), error));
    else log.fatal({ err: error }, 'Podwire failed');
    if (!isStarted || !isStorageError(error)) process.exit(1);
  });
  const reviewer = kubeConfig.value?.makeApiClient(ReviewClient);
  const started = await startServer(config.value, { log, clock: () => new Date(), version, spans, reviewer });
  isStarted = true;
  if (!started.ok) refuse(started.error);
  else {
    const server = parts.use(started.value);
    start({ config: config.value, kubeConfig: kubeConfig.value, server, parts, log, refuse });
  }
  process.exitCode = await stop.promise;
  setTimeout(() => process.exit(1), CLOSE_WITHIN_MS).unref();
}

type Start = {
  readonly config: Config;
  /** Where a cluster is watched that is not the lab. */
  readonly kubeConfig: KubeConfig | undefined;
  readonly server: RunningServer;
  readonly parts: AsyncDisposableStack;
  readonly log: Logger;
  readonly refuse: (obstacle: Obstacle) => void;
};

/** Cluster and pages side by side; the address is printed when both are there. */
function start(given: Start): void {
  const { config, server, refuse } = given;
  const pages = startPages(config, HOUSE, server.http).then((result) => {
    if (!result.ok) refuse(result.error);
    return result.ok;
  });
  const cluster = startCluster(given);
  void Promise.all([pages, cluster]).then(([hasPages, about]) => {
    if (!hasPages || about === undefined) return;
    server.setReady();
    say(`Podwire is at http://${config.host.includes(':') ? `[${config.host}]` : config.host}:${server.port}`);
    say(about);
    say(`Data is in ${config.dataFolder}. Ctrl-C stops everything.`);
  });
}

/** Answers what is watched, in a line for a person; `undefined` where it could not begin, which has been said. */
async function startCluster(given: Start): Promise<string | undefined> {
  const { config, kubeConfig, server, parts, log } = given;
  if (config.cluster === 'lab') return startLab(given);
  if (kubeConfig === undefined) return 'No cluster is watched (PODWIRE_LAB=off, no KUBECONFIG).';
  const address = kubeConfig.getCurrentCluster()?.server;
  server.cluster.setSource({ source: 'kubernetes', ...(address !== undefined && { server: address }) });
  const own = kubeConfig.getContextObject(kubeConfig.getCurrentContext())?.namespace ?? 'default';
  const namespaces = config.namespaces.length > 0 ? config.namespaces : [own];
  parts.use(new ClusterWatch(kubeConfig, { sink: server.cluster, log, counts: server.watchCounts, namespaces }));
  return `It watches the cluster at ${address}.`;
}

/** `undefined` where no cluster is named. */
function readKubeConfig({ cluster }: Config): Result<KubeConfig | undefined, Obstacle> {
  if (cluster !== 'kubernetes') return succeed(undefined);
  const kubeConfig = new KubeConfig();
  try {
    kubeConfig.loadFromDefault();
    return succeed(kubeConfig);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    return fail({
      problem: `KUBECONFIG cannot be read: ${reason}.`,
      remedy: 'Unset it to start with the embedded lab.',
    });
  }
}

function startLab(given: Start): Promise<string | undefined> {
  const { config, server, parts, log, refuse } = given;
  const script = join(HOUSE, 'lab', 'main.ts');
  const missing = [script, config.executable].find((path) => !existsSync(path));
  if (missing !== undefined) {
    refuse({
      problem: `The lab needs ${missing}, which is not there.`,
      remedy: 'npm run build makes it; PODWIRE_LAB=off does without.',
    });
    return Promise.resolve(undefined);
  }
  const ready = Promise.withResolvers<string | undefined>();
  const lab = new LabProcess(
    {
      script,
      folder: join(config.dataFolder, 'lab'),
      collectorSocket: config.collectorSocket,
      executable: config.executable,
    },
    {
      progress: say,
      ready: (client) => {
        server.setLab(client);
        const { cluster: sink, watchCounts: counts } = server;
        sink.setSource({ source: 'lab', server: client.server });
        parts.use(new ClusterWatch(labKubeConfig(client), { sink, log, counts, namespaces: [] }));
        ready.resolve('The lab runs: a cluster of its own in network namespaces, nodes and pods appear as they start.');
      },
      ended: (obstacle) => {
        server.setLab(undefined);
        ready.resolve(undefined);
        refuse(obstacle);
      },
    },
    log,
  );
  parts.use(lab);
  return ready.promise;
}

/** The lab's API speaks plain HTTP on loopback; the client asks for this flag before it does. */
function labKubeConfig(lab: LabClient): KubeConfig {
  const config = new KubeConfig();
  config.loadFromClusterAndUser(
    { name: 'lab', server: lab.server, skipTLSVerify: true },
    { name: 'podwire', token: lab.token },
  );
  return config;
}

function readVersion(): string {
  const manifest = JSON.parse(readFileSync(join(HOUSE, 'package.json'), 'utf8')) as { readonly version?: string };
  return manifest.version ?? 'unknown';
}

boundGarbage();
await main();
