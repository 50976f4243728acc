import { randomBytes } from 'node:crypto';
import { readFileSync, writeSync } from 'node:fs';
import type { AgentStatus } from '#model/agent/agent-status.ts';
import type { KernelSnapshot } from '#model/kernel/kernel-snapshot.ts';
import { PLUGIN_VERSION } from '#plugin/version.ts';
import { answerCommands } from './agent-commands.ts';
import { AgentJournals } from './agent-journals.ts';
import { type AgentSettings, nameNode, parseAgentSettings } from './agent-settings.ts';
import { AgentStatusReport } from './agent-status-report.ts';
import { decideRole } from './decide-role.ts';
import { followKernel } from './follow-kernel.ts';
import { keepTap } from './keep-tap.ts';
import { KernelPart } from './kernel-part.ts';
import { KernelReport } from './kernel-report.ts';
import { KernelState } from './kernel-state.ts';
import type { Keeper } from './network/keep-node-network.ts';
import { type NetworkSettings, parseNetworkSettings } from './network/network-settings.ts';
import { readRuntimeStatus } from './read-runtime-status.ts';
import { ReportQueue } from './report-queue.ts';
import { RecordQueue, ReportPart, type ReportSource } from './report-source.ts';
import { restartWithEngineOptions } from './restart-with-engine-options.ts';
import { serveMetrics } from './serve-metrics.ts';
import { shipBatches } from './ship-batches.ts';
import { WakeSignal } from './wake-signal.ts';
import { watchJournal } from './watch-journal.ts';
import { describeError, type WriteLog, writeLogLine } from './write-log-line.ts';

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * `podwire agent`: ships the journal and the kernel state of this node until SIGTERM or SIGINT.
 * @returns the exit code: 2 where the environment makes no sense
 */
export async function runAgent(environment: Environment): Promise<number> {
  const env = decideRole(environment);
  const settings = parseAgentSettings(env);
  const network = parseNetworkSettings(env);
  if (!settings.ok) return refuse(settings.error);
  if (!network.ok) return refuse(network.error);
  restartWithEngineOptions(env);
  const { node, stateFolder, collector } = settings.value;
  const bootId = `${readBootId()}-${randomBytes(4).toString('hex')}`;
  const log: WriteLog = (level, message, details) => writeLogLine(level, message, { node, ...details });
  log('info', 'agent started', {
    ...{ bootId, pid: process.pid, stateFolder },
    ...(env.PODWIRE_MODE ? { mode: env.PODWIRE_MODE } : {}),
    collector: collector.unixSocket ?? collector.baseUrl,
  });
  const stop = new AbortController();
  for (const name of ['SIGTERM', 'SIGINT'] as const) process.once(name, () => stop.abort());
  // Sent to the holder of a lease, as `isOpenForWriting` is for an instant, when a writer comes; unheard it ends the process.
  process.on('SIGIO', () => undefined);
  try {
    const run = { bootId, log, signal: stop.signal };
    const parts = runParts({ ...settings.value, network: network.value }, run);
    const [status] = await Promise.all([parts, keepTap(env, run)]);
    const { runtimeStatus: _ofTheRuntime, ...counts } = status;
    log('info', 'agent stopped', counts);
    return 0;
  } catch (error) {
    log('error', 'agent failed', { reason: describeError(error) });
    return 1;
  }
}

function refuse(problem: string): number {
  writeLogLine('error', problem);
  return 2;
}

/** Loaded only where it is wanted: without its settings the agent changes nothing on the node. */
async function keepNetwork(settings: NetworkSettings | undefined, keeper: Omit<Keeper, 'settings'>): Promise<void> {
  if (settings === undefined) {
    // An earlier run may have left some with the collector.
    keeper.reports.setFindings([]);
    return;
  }
  const { keepNodeNetwork } = await import('./network/keep-node-network.ts');
  await keepNodeNetwork({ ...keeper, settings });
}

type OwnStatus = AgentStatus & { readonly refusedReports: number };

interface AgentRun {
  readonly bootId: string;
  readonly log: WriteLog;
  readonly signal: AbortSignal;
}

/** @returns what the agent has to say of itself at its end: the collector may never hear of it */
async function runParts(
  settings: AgentSettings & { readonly network: NetworkSettings | undefined },
  run: AgentRun,
): Promise<OwnStatus> {
  const { bootId, log, signal } = run;
  const { node, collector } = settings;
  const now = (): Date => new Date();
  const nowMs = (): number => performance.now();
  const wake = new WakeSignal();
  const follower = startKernel({ node, bootId, log, signal, wake });
  const { kernel, kernelCounts } = follower;
  const journals = new AgentJournals(settings, { log, nowMs });
  const results = new RecordQueue();
  const kept = new ReportQueue();
  const measure = (): OwnStatus => ({
    ...kernelCounts(),
    foldedChanges: kernel.foldedChanges,
    droppedDrifts: kept.dropped,
    refusedReports: reports.reduce((sum, { refusedRecords }) => sum + refusedRecords, 0),
    journal: journals.measure(),
    ...readStatus(settings.runFolder),
    rssBytes: process.memoryUsage.rss(),
  });
  const sources: readonly ReportSource[] = [new AgentStatusReport(measure, nowMs), results, kept];
  const reports = sources.map((source) => new ReportPart(source, log));
  using _metrics = serveMetrics(settings.metrics, { log, isKernelRead: follower.isKernelRead, measure });
  using _journals = watchJournal(journals.folders, {
    onChange: () => wake.notify(),
    onPoll: () => journals.tidy(),
    log,
  });
  journals.tidy();
  const shipping = shipBatches({
    parts: [...journals.parts, ...reports, kernel],
    onReceipt: ({ needsSnapshot }) => {
      if (!needsSnapshot) return;
      kernel.forget();
      kept.forget();
    },
    ...{ wake, node, bootId, agentVersion: PLUGIN_VERSION, collector, log, signal, now, nowMs },
  });
  const commanding = answerCommands({ ...settings, ...follower, bootId, results, wake, log, signal });
  const keeping = keepNetwork(settings.network, { node, reports: kept, log, signal, onReport: () => wake.notify() });
  await Promise.all([follower.following, shipping, commanding, keeping]);
  return measure();
}

function readStatus(runFolder: string): Pick<AgentStatus, 'runtimeStatus'> {
  const runtimeStatus = readRuntimeStatus(runFolder, Date.now());
  return runtimeStatus === undefined ? {} : { runtimeStatus };
}

/** Follows the kernel, and has its state ready for the batches. */
function startKernel(run: AgentRun & { readonly node: string; readonly wake: WakeSignal }) {
  const { node, bootId, log, signal, wake } = run;
  const state = new KernelState(log, { isFollowing: true });
  let isRead = false;
  let isFullDue = false;
  const kernel = new KernelPart({
    report: new KernelReport({ node, bootId }),
    read: () => {
      if (!isRead) return undefined;
      const isFull = isFullDue;
      isFullDue = false;
      return { namespaces: state.namespaces, isFull };
    },
    now: () => new Date(),
    nowMs: () => performance.now(),
  });
  const onRead = (isFull: boolean): void => {
    isRead = true;
    isFullDue ||= isFull;
    if (!isFull) kernel.noteChange();
    wake.notify();
  };
  const readKernel = async (): Promise<void> => {
    await state.readEverything();
    onRead(true);
  };
  const kernelCounts = () => state.counts;
  const following = followKernel({ state, log, signal, nowMs: () => performance.now(), onRead });
  return { kernel, kernelCounts, readKernel, following, isKernelRead: () => isRead };
}

/**
 * `podwire snapshot`: prints the kernel state of this node once, as the agent would send it. PODWIRE_READINGS=10 reads it so
 * often, as an agent does that has run for a while, and says on stderr how long each reading took.
 */
export async function printSnapshot(env: Environment): Promise<number> {
  const state = new KernelState(writeLogLine, { isFollowing: false });
  const readings = Math.max(1, Number(env.PODWIRE_READINGS) || 1);
  for (let reading = 1; reading <= readings; reading += 1) {
    const [startMs, before] = [performance.now(), process.cpuUsage()];
    await state.readEverything();
    if (readings === 1) break;
    const { user, system } = process.cpuUsage(before);
    const cost = { durationMs: performance.now() - startMs, cpuMs: (user + system) / 1000 };
    writeLogLine('info', 'kernel state read', { reading, ...cost });
  }
  const snapshot: KernelSnapshot = {
    node: nameNode(env),
    bootId: readBootId(),
    time: new Date().toISOString(),
    sequence: 1,
    namespaces: [...state.namespaces.values()],
  };
  writeWhole(`${JSON.stringify(snapshot)}\n`);
  return 0;
}

/** A pipe takes less than a snapshot at once. */
function writeWhole(text: string): void {
  const bytes = new TextEncoder().encode(text);
  for (let offset = 0; offset < bytes.length; ) offset += writeSync(1, bytes, offset);
}

/** Changes with every start of the machine: `/proc/sys/kernel/random/boot_id`. */
function readBootId(): string {
  return readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
}
