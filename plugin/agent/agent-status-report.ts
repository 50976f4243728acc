import { isDeepStrictEqual } from 'node:util';
import type { AgentStatus } from '#model/agent/agent-status.ts';
import type { BatchRecord } from '#model/protocol/agent-batch.ts';
import type { ReportSource } from './report-source.ts';

const restMs = 30_000;
/** Memory moves all the time: less than this is no change. */
const rssStepBytes = 8 * 1024 * 1024;

/** What the agent says of itself: at the start, then when something has changed, every 30 s at most often. */
export class AgentStatusReport implements ReportSource {
  readonly #measure: () => AgentStatus;
  readonly #nowMs: () => number;
  #told: { readonly status: AgentStatus; readonly atMs: number } | undefined;
  #taken: AgentStatus | undefined;

  /** @param nowMs of a clock that never jumps */
  constructor(measure: () => AgentStatus, nowMs: () => number) {
    this.#measure = measure;
    this.#nowMs = nowMs;
  }

  take(): readonly BatchRecord[] {
    this.#taken = undefined;
    if (this.#told !== undefined && this.#nowMs() - this.#told.atMs < restMs) return [];
    const status = this.#measure();
    if (this.#told !== undefined && isSame(this.#told.status, status)) return [];
    this.#taken = status;
    return [{ type: 'agent.status', status }];
  }

  acknowledge(): void {
    if (this.#taken === undefined) return;
    this.#told = { status: this.#taken, atMs: this.#nowMs() };
    this.#taken = undefined;
  }
}

function isSame(told: AgentStatus, now: AgentStatus): boolean {
  return (
    Math.abs(told.rssBytes - now.rssBytes) < rssStepBytes && isDeepStrictEqual(pickTelling(told), pickTelling(now))
  );
}

/** Without what moves all the time: a question of the runtime that gets the same answer again is no news. */
function pickTelling({ rssBytes: _rssBytes, runtimeStatus, ...counts }: AgentStatus): object {
  return { ...counts, runtimeStatus: runtimeStatus && { ...runtimeStatus, lastAskedAt: undefined } };
}
