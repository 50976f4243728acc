import { CNI_ERROR_CODE, CniFailure } from './cni-failure.ts';

/** Well under the two minutes after which the kubelet gives a runtime up, and the four that it gives a sandbox. */
export const DEFAULT_DEADLINE_MS = 30_000;

/** Kept back of the whole: what was done has to be taken back, and the answer written, before the deadline too. */
const UNDO_SHARE = 0.25;

/**
 * When an invocation has to be over. Everything that can wait for others (stdin, locks, other programs, the kernel's
 * answers) waits at most `remainingMs()`, so that nothing that hangs hangs the node.
 * What no process can interrupt stays outside: a system call that the kernel itself does not return from.
 */
export class Deadline {
  readonly #nowMs: () => number;
  #totalMs: number;
  #isUndoing = false;

  /**
   * @param totalMs from the start of the process, answer and undo included
   * @param nowMs since the start of the process
   */
  constructor(totalMs: number, nowMs: () => number) {
    this.#totalMs = totalMs;
    this.#nowMs = nowMs;
  }

  /** Whole milliseconds, at least 1: nought means "for ever" to those who take a timeout. */
  remainingMs(): number {
    const endMs = this.#isUndoing ? this.#totalMs : this.#totalMs * (1 - UNDO_SHARE);
    return Math.max(1, Math.floor(endMs - this.#nowMs()));
  }

  /** The configuration wants another one. */
  replaceTotal(totalMs: number): void {
    this.#totalMs = totalMs;
  }

  /** From here on the share that was kept back counts. */
  beginUndo(): void {
    this.#isUndoing = true;
  }

  /** @throws CniFailure of code 11 where no time is left to begin `step` */
  requireTimeFor(step: string): void {
    if (this.remainingMs() > 1) return;
    throw new CniFailure(`no time is left for ${step}: the deadline is ${this.#totalMs} ms (deadlineMs)`, {
      code: CNI_ERROR_CODE.tryAgainLater,
    });
  }
}

/** PODWIRE_DEADLINE_MS; what is no number of milliseconds counts as absent, as it must not keep a pod from its network. */
export function readDeadlineMs(variables: Readonly<Record<string, string | undefined>>): number {
  const text = variables.PODWIRE_DEADLINE_MS ?? '';
  return /^[1-9]\d{0,8}$/.test(text) ? Number(text) : DEFAULT_DEADLINE_MS;
}
