import { randomBytes } from 'node:crypto';
import { mkdirSync, readFileSync, watch, writeSync } from 'node:fs';
import { join } from 'node:path';
import type { KernelSnapshot } from '#model/kernel/kernel-snapshot.ts';
import { PLUGIN_VERSION } from '#plugin/version.ts';
import { type CollectorAddress, nameNode, parseAgentSettings } from './agent-settings.ts';
import { decideRole } from './decide-role.ts';
import { followKernel } from './follow-kernel.ts';
import { loadCursor, saveCursor } from './journal-cursor.ts';
import type { JournalReading } from './journal-tail.ts';
import { readJournal } from './journal-tail.ts';
import { keepTap } from './keep-tap.ts';
import { KernelReport } from './kernel-report.ts';
import { KernelState } from './kernel-state.ts';
import { restartWithoutHelperThreads } from './restart-without-helper-threads.ts';
import { serveMetrics } from './serve-metrics.ts';
import { type BatchSource, shipBatches } from './ship-batches.ts';
import { WakeSignal } from './wake-signal.ts';
import { describeError, type WriteLog, writeLogLine } from './write-log-line.ts';

type Environment = Readonly<Record<string, string | undefined>>;

const journalChunkBytes = 1024 * 1024;
/** The journal is looked at so often even where no file event comes (another kind of file system). */
const journalPollMs = 1_000;

/**
 * `podwire agent`: ships the journal and the kernel state of this node until SIGTERM or SIGINT.
 * @returns the exit code: 2 where the environment makes no sense
 */
export async function runAgent(environment: Environment): Promise<number> {
  const env = decideRole(environment);
  const settings = parseAgentSettings(env);
  if (!settings.ok) {
    writeLogLine('error', settings.error);
    return 2;
  }
  restartWithoutHelperThreads(env);
  const { node, stateFolder, collector, metrics } = settings.value;
  const bootId = `${readBootId()}-${randomBytes(4).toString('hex')}`;
  const log: WriteLog = (level, message, details) => writeLogLine(level, message, { node, ...details });
  log('info', 'agent started', describeStart(env, { bootId, stateFolder, collector }));
  const stop = stopOnSignals();
  const wake = new WakeSignal();
  const kernel = { state: new KernelState(log), isRead: false, isFullDue: false };
  const following = followKernel({
    state: kernel.state,
    log,
    signal: stop.signal,
    nowMs: () => performance.now(),
    onRead: (isFull) => {
      kernel.isRead = true;
      kernel.isFullDue ||= isFull;
      wake.notify();
    },
  });
  using _metrics = serveMetrics(metrics, { log, isKernelRead: () => kernel.isRead, measure: () => undefined });
  using _journal = watchJournal(join(stateFolder, 'journal'), { wake, log });
  const source: BatchSource = {
    wake,
    report: new KernelReport({ node, bootId }),
    ...makeJournalSource(stateFolder),
    readKernel: () => {
      if (!kernel.isRead) return undefined;
      const { isFullDue } = kernel;
      kernel.isFullDue = false;
      return { namespaces: kernel.state.namespaces, isFull: isFullDue };
    },
  };
  const shipping = shipBatches(source, {
    node,
    bootId,
    agentVersion: PLUGIN_VERSION,
    collector,
    log,
    signal: stop.signal,
    now: () => new Date(),
  });
  try {
    await Promise.all([following, shipping, keepTap(env, { log, signal: stop.signal })]);
    log('info', 'agent stopped');
    return 0;
  } catch (error) {
    log('error', 'agent failed', { reason: describeError(error) });
    return 1;
  }
}

function stopOnSignals(): AbortController {
  const stop = new AbortController();
  for (const name of ['SIGTERM', 'SIGINT'] as const) process.once(name, () => stop.abort());
  return stop;
}

function describeStart(
  env: Environment,
  run: { readonly bootId: string; readonly stateFolder: string; readonly collector: CollectorAddress },
) {
  const { unixSocket, baseUrl } = run.collector;
  const mode = env.PODWIRE_MODE ? { mode: env.PODWIRE_MODE } : {};
  return { ...run, pid: process.pid, ...mode, collector: unixSocket ?? baseUrl };
}

/** `podwire snapshot`: prints the kernel state of this node once, as the agent would send it. */
export async function printSnapshot(env: Environment): Promise<number> {
  const state = new KernelState(writeLogLine);
  await state.readEverything();
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

function makeJournalSource(stateFolder: string): Pick<BatchSource, 'readJournal' | 'acknowledgeJournal'> {
  const folder = join(stateFolder, 'journal');
  const cursorPath = join(stateFolder, 'agent', 'cursor.json');
  let cursor = loadCursor(cursorPath);
  return {
    readJournal: (lines): JournalReading =>
      readJournal(folder, cursor, { lines, bytes: journalChunkBytes, nowMs: Date.now() }),
    acknowledgeJournal: (reading) => {
      if (reading.cursor === undefined || reading.cursor === cursor) return;
      cursor = reading.cursor;
      saveCursor(cursorPath, cursor);
    },
  };
}

function watchJournal(
  folder: string,
  { wake, log }: { readonly wake: WakeSignal; readonly log: WriteLog },
): Disposable {
  const poll = setInterval(() => wake.notify(), journalPollMs);
  try {
    mkdirSync(folder, { recursive: true });
    const watcher = watch(folder, { persistent: false }, () => wake.notify());
    watcher.on('error', (error) => log('warn', 'the journal is polled from now on', { reason: describeError(error) }));
    return {
      [Symbol.dispose]: () => {
        clearInterval(poll);
        watcher.close();
      },
    };
  } catch (error) {
    log('warn', 'the journal is polled', { reason: describeError(error) });
    return { [Symbol.dispose]: () => clearInterval(poll) };
  }
}
