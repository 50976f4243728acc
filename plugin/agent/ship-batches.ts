import type { BatchReceipt, BatchRecord } from '#model/protocol/agent-batch.ts';
import type { CollectorAddress } from './agent-settings.ts';
import type { NamespacesById } from './diff-namespaces.ts';
import { encodeBatch } from './encode-batch.ts';
import type { JournalReading } from './journal-tail.ts';
import type { KernelReport } from './kernel-report.ts';
import { postBatch } from './post-batch.ts';
import type { ReportQueue } from './report-queue.ts';
import { WakeSignal } from './wake-signal.ts';
import type { WriteLog } from './write-log-line.ts';

/** What the shipper takes records from, and whom it tells that they arrived. */
export interface BatchSource {
  readonly wake: WakeSignal;
  /** Lines behind the last acknowledged one, at most `lines`. */
  readonly readJournal: (lines: number) => JournalReading;
  readonly acknowledgeJournal: (reading: JournalReading) => void;
  readonly report: KernelReport;
  readonly reports: ReportQueue;
  /** `undefined` until the kernel was read for the first time. */
  readonly readKernel: () => { readonly namespaces: NamespacesById; readonly isFull: boolean } | undefined;
}

export interface Shipper {
  readonly node: string;
  readonly bootId: string;
  readonly agentVersion: string;
  readonly collector: CollectorAddress;
  readonly log: WriteLog;
  readonly signal: AbortSignal;
  readonly now: () => Date;
}

/** The collector takes a node for gone when it hears nothing for a while: an empty batch says that we live. */
const heartbeatMs = 3_000;
const journalLines = 500;
const firstRetryMs = 250;
const longestRetryMs = 10_000;
const refusedKernelMs = 30_000;

interface Batch {
  readonly sequence: number;
  readonly records: readonly BatchRecord[];
  readonly journal: JournalReading;
}

/**
 * Sends numbered batches, one at a time, until aborted. Each is sent until the collector answers: the same bytes under
 * the same number, so that it can tell a repetition. The journal's cursor moves only then.
 * Where the collector refuses the content, kernel state and journal go apart and the journal in halves, until the
 * refused line is alone; that one is given up and logged.
 */
export async function shipBatches(source: BatchSource, shipper: Shipper): Promise<void> {
  const { signal } = shipper;
  const plan: Plan = { sequence: 1, lines: journalLines, kernelAtMs: 0 };
  // The first batch is the first that says something.
  let sentAtMs = shipper.now().getTime();
  while (!signal.aborted) {
    const batch = composeBatch(source, shipper, plan);
    const restMs = sentAtMs + heartbeatMs - shipper.now().getTime();
    if (batch.records.length === 0 && restMs > 0) {
      source.acknowledgeJournal(batch.journal);
      await source.wake.wait(restMs, signal);
      continue;
    }
    const answer = await sendUntilAnswered(batch, shipper);
    if (answer === 'aborted') return;
    sentAtMs = shipper.now().getTime();
    if (answer.type === 'accepted') {
      source.acknowledgeJournal(batch.journal);
      source.reports.acknowledge();
      if (answer.receipt.needsSnapshot) {
        source.report.forget();
        source.reports.forget();
      }
      plan.lines = journalLines;
      plan.sequence += 1;
    } else {
      shipper.log('error', 'the collector refused a batch', { sequence: batch.sequence, reason: answer.reason });
      isolateRefused(source, { batch, plan, nowMs: sentAtMs });
      await new WakeSignal().wait(firstRetryMs, signal);
    }
  }
}

/** What the next batch may hold. */
interface Plan {
  sequence: number;
  lines: number;
  /** Kernel state is held back until then. */
  kernelAtMs: number;
}

function composeBatch(source: BatchSource, { now }: Shipper, { sequence, lines, kernelAtMs }: Plan): Batch {
  const journal = source.readJournal(lines);
  const kernel = now().getTime() >= kernelAtMs ? source.readKernel() : undefined;
  const told = kernel && source.report.next(kernel.namespaces, { time: now().toISOString(), isFull: kernel.isFull });
  const records = [...journal.records, ...source.reports.take(), ...(told === undefined ? [] : [told])];
  return { sequence, records, journal };
}

function isolateRefused(
  source: BatchSource,
  { batch, plan, nowMs }: { readonly batch: Batch; readonly plan: Plan; readonly nowMs: number },
): void {
  const lineCount = batch.journal.records.length;
  // Given up: what is refused once is refused for ever.
  source.reports.acknowledge();
  if (batch.records.length > lineCount) {
    source.report.forget();
    plan.kernelAtMs = nowMs + refusedKernelMs;
  } else if (lineCount > 1) {
    plan.lines = Math.max(1, Math.floor(Math.min(plan.lines, lineCount) / 2));
  } else {
    source.acknowledgeJournal(batch.journal);
  }
}

type Answer =
  | { readonly type: 'accepted'; readonly receipt: BatchReceipt }
  | { readonly type: 'refused'; readonly reason: string };

async function sendUntilAnswered({ sequence, records }: Batch, shipper: Shipper): Promise<Answer | 'aborted'> {
  const { node, bootId, agentVersion, log, signal, now } = shipper;
  const header = { protocol: 1 as const, node, bootId, sequence, agentVersion, sentAt: now().toISOString() };
  const body = encodeBatch(header, records);
  for (let retryMs = firstRetryMs; ; retryMs = Math.min(longestRetryMs, retryMs * 2)) {
    const outcome = await postBatch(shipper.collector, body, signal);
    if (signal.aborted) return 'aborted';
    if (outcome.type !== 'unreachable') {
      if (retryMs > firstRetryMs) log('info', 'the collector answers again', { sequence });
      return outcome;
    }
    if (retryMs === firstRetryMs) log('warn', 'the collector does not answer', { sequence, reason: outcome.reason });
    await new WakeSignal().wait(retryMs, signal);
    if (signal.aborted) return 'aborted';
  }
}
