import { BatchReceipt } from '#model/protocol/agent-batch.ts';
import type { CollectorAddress } from './agent-settings.ts';
import { callCollector } from './call-collector.ts';
import { describeError } from './write-log-line.ts';

/** `refused`: the collector will never take this content. `unreachable`: try again later. */
export type PostOutcome =
  | { readonly type: 'accepted'; readonly receipt: BatchReceipt }
  | { readonly type: 'refused'; readonly reason: string; readonly isTooLarge: boolean }
  | { readonly type: 'unreachable'; readonly reason: string };

/**
 * The collector's words about the content. Any other failure speaks about the moment, whatever its status: that of a collector
 * which is older than this agent, or of somebody else who has its address just now.
 */
const contentProblems: ReadonlySet<string> = new Set(
  ['malformed-batch', 'too-large'].map((word) => `https://podwire.io/problems/${word}`),
);
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
    // Of a proxy too: it takes less at once.
    const isTooLarge = response.status === 413;
    if (!isTooLarge && !contentProblems.has(readProblemType(text))) return { type: 'unreachable', reason };
    return { type: 'refused', reason, isTooLarge };
  } catch (error) {
    return { type: 'unreachable', reason: describeError(error) };
  } finally {
    clearTimeout(timer);
  }
}

/** @returns `''` where it is no problem document of RFC 9457 */
function readProblemType(text: string): string {
  try {
    return (JSON.parse(text) as { readonly type?: string } | null)?.type ?? '';
  } catch {
    return '';
  }
}
