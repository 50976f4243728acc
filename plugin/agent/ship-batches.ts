import type { BatchReceipt, BatchRecord } from '#model/protocol/agent-batch.ts';
import type { CollectorAddress } from './agent-settings.ts';
import type { BatchPart } from './batch-part.ts';
import { encodeBatch } from './encode-batch.ts';
import { postBatch } from './post-batch.ts';
import { WakeSignal } from './wake-signal.ts';
import type { WriteLog } from './write-log-line.ts';

export interface Shipper {
  /** In this order in a batch. */
  readonly parts: readonly BatchPart[];
  /** Somebody has something to tell. */
  readonly wake: WakeSignal;
  readonly onReceipt: (receipt: BatchReceipt) => void;
  readonly node: string;
  readonly bootId: string;
  readonly agentVersion: string;
  readonly collector: CollectorAddress;
  readonly log: WriteLog;
  readonly signal: AbortSignal;
  readonly now: () => Date;
  /** Of a clock that never jumps. */
  readonly nowMs: () => number;
}

/** The collector takes a node for gone when it hears nothing for a while: an empty batch says that we live. */
const heartbeatMs = 3_000;
const firstRetryMs = 250;
const longestRetryMs = 10_000;

interface Batch {
  readonly sequence: number;
  readonly records: readonly BatchRecord[];
  /** Whose records they are, or could have been. */
  readonly parts: readonly BatchPart[];
  /** Those that gave some. */
  readonly speakers: readonly BatchPart[];
}

/** What the next batch may hold. */
interface Plan {
  sequence: number;
  /** After a refusal each part goes alone, from this one on, until the refused one is found. Undefined: together. */
  apart: number | undefined;
}

/**
 * Sends numbered batches, one at a time, until aborted. Each is sent until the collector answers: the same bytes under
 * the same number, so that it can tell a repetition. No part takes its records for told before that.
 * A batch that is refused goes again, each part alone, so that what is refused keeps nothing else back.
 */
export async function shipBatches(shipper: Shipper): Promise<void> {
  const { signal, wake, nowMs } = shipper;
  const plan: Plan = { sequence: 1, apart: undefined };
  // The first batch is the first that says something.
  let sentAtMs = nowMs();
  while (!signal.aborted) {
    const batch = composeBatch(shipper.parts, plan);
    const restMs = sentAtMs + heartbeatMs - nowMs();
    if (batch.records.length === 0 && restMs > 0) {
      for (const part of batch.parts) part.accept();
      await wake.wait(restMs, signal);
      continue;
    }
    const answer = await sendUntilAnswered(batch, shipper);
    if (answer === 'aborted') return;
    sentAtMs = nowMs();
    if (answer.type === 'accepted') {
      for (const part of batch.parts) part.accept();
      shipper.onReceipt(answer.receipt);
      plan.sequence += 1;
      if (plan.apart !== undefined) plan.apart += 1;
      // Behind a heartbeat nothing waits: what comes wakes us.
      if (batch.records.length === 0 && !answer.receipt.needsSnapshot) await wake.wait(heartbeatMs, signal);
      continue;
    }
    const { reason, isTooLarge } = answer;
    shipper.log('error', 'the collector refused a batch', { sequence: batch.sequence, reason });
    const isAlone = batch.speakers.length === 1;
    for (const part of batch.speakers) part.refuse({ isAlone, isTooLarge, reason });
    if (!isAlone) plan.apart = 0;
    await new WakeSignal().wait(firstRetryMs, signal);
  }
}

function composeBatch(parts: readonly BatchPart[], plan: Plan): Batch {
  const { sequence } = plan;
  for (; plan.apart !== undefined; plan.apart += 1) {
    const part = parts[plan.apart];
    if (part === undefined) {
      plan.apart = undefined;
      break;
    }
    const records = part.take();
    if (records.length > 0) return { sequence, records, parts: [part], speakers: [part] };
  }
  const taken = parts.map((part) => ({ part, records: part.take() }));
  const speakers = taken.filter(({ records }) => records.length > 0).map(({ part }) => part);
  return { sequence, records: taken.flatMap(({ records }) => records), parts, speakers };
}

type Answer =
  | { readonly type: 'accepted'; readonly receipt: BatchReceipt }
  | { readonly type: 'refused'; readonly reason: string; readonly isTooLarge: boolean };

async function sendUntilAnswered({ sequence, records }: Batch, shipper: Shipper): Promise<Answer | 'aborted'> {
  const { node, bootId, agentVersion, log, signal, now } = shipper;
  const header = { protocol: 1 as const, node, bootId, sequence, agentVersion, sentAt: now().toISOString() };
  const body = encodeBatch(header, records);
  if (!body.ok) return { type: 'refused', reason: body.error, isTooLarge: true };
  for (let retryMs = firstRetryMs; ; retryMs = Math.min(longestRetryMs, retryMs * 2)) {
    const outcome = await postBatch(shipper.collector, body.value, signal);
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
