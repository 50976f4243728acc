import { BatchReceipt } from '#model/protocol/agent-batch.ts';
import type { CollectorAddress } from './agent-settings.ts';
import { callCollector } from './call-collector.ts';
import { describeError } from './write-log-line.ts';

/** `refused`: the collector will never take this content. `unreachable`: try again later. */
export type PostOutcome =
  | { readonly type: 'accepted'; readonly receipt: BatchReceipt }
  | { readonly type: 'refused'; readonly reason: string; readonly isTooLarge: boolean }
  | { readonly type: 'unreachable'; readonly reason: string };

/** Statuses that speak about the content; any other failure speaks about the moment. RFC 9110 section 15.5. */
const contentStatuses: ReadonlySet<number> = new Set([400, 413, 422]);
const timeoutMs = 20_000;

/** Posts one encoded batch to the collector. */
export async function postBatch(
  collector: CollectorAddress,
  body: Uint8Array<ArrayBuffer>,
  signal: AbortSignal,
): Promise<PostOutcome> {
  // Not AbortSignal.timeout: that one wakes the process at its end, long after the answer came.
  const limit = new AbortController();
  const timer = setTimeout(() => limit.abort(new Error(`no answer in ${timeoutMs} ms`)), timeoutMs);
  try {
    const response = await callCollector(collector, '/agent/v1/batches', {
      method: 'POST',
      headers: { 'content-type': 'application/x-ndjson', 'content-encoding': 'gzip' },
      body,
      signal: AbortSignal.any([signal, limit.signal]),
    });
    const text = await response.text();
    if (response.ok) return { type: 'accepted', receipt: BatchReceipt.parse(JSON.parse(text)) };
    const reason = `HTTP ${response.status}: ${text.slice(0, 300)}`;
    if (!contentStatuses.has(response.status)) return { type: 'unreachable', reason };
    return { type: 'refused', reason, isTooLarge: response.status === 413 };
  } catch (error) {
    return { type: 'unreachable', reason: describeError(error) };
  } finally {
    clearTimeout(timer);
  }
}
