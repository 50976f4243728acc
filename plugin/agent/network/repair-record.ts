/** Pauses between repairs of one object, in milliseconds. */
export type RepairPace = {
  readonly firstMs: number;
  readonly longestMs: number;
  /** An object that stayed right for so long starts anew. */
  readonly forgivenMs: number;
};

export const REPAIR_PACE: RepairPace = { firstMs: 250, longestMs: 60_000, forgivenMs: 120_000 };

/** Somebody works against us from the third repair in a row on. */
const CONTENDED_REPAIRS = 3;

/**
 * What is remembered of one object: whether it ever was as it is wanted, and how often it had to be repaired lately. The first
 * repair comes at once; who undoes it again and again is answered ever more slowly, and so is a repair that fails.
 */
export class RepairRecord {
  readonly wanted: string;
  readonly #pace: RepairPace;
  isEstablished = false;
  #repairs = 0;
  #failure: string | undefined;
  #attemptedAtMs = Number.NEGATIVE_INFINITY;

  constructor(wanted: string, pace: RepairPace) {
    this.wanted = wanted;
    this.#pace = pace;
  }

  /** Why the last attempt failed; undefined where it did not. */
  get failure(): string | undefined {
    return this.#failure;
  }

  get repairs(): number {
    return this.#repairs;
  }

  get isContended(): boolean {
    return this.#repairs >= CONTENDED_REPAIRS;
  }

  /** When the next attempt may be made, on the clock of the attempts. */
  get dueAtMs(): number {
    const { firstMs, longestMs } = this.#pace;
    const attempts = this.#repairs + (this.#failure === undefined ? 0 : 1);
    return attempts === 0
      ? this.#attemptedAtMs
      : this.#attemptedAtMs + Math.min(longestMs, firstMs * 2 ** (attempts - 1));
  }

  /** It was found as it is wanted. */
  noteRight(nowMs: number): void {
    this.isEstablished = true;
    this.#failure = undefined;
    if (nowMs - this.#attemptedAtMs >= this.#pace.forgivenMs) this.#repairs = 0;
  }

  /** @param isDrift the first setting of an object is no repair */
  noteRepair(nowMs: number, isDrift: boolean): void {
    if (isDrift) this.#repairs += 1;
    this.#failure = undefined;
    this.isEstablished = true;
    this.#attemptedAtMs = nowMs;
  }

  noteFailure(nowMs: number, reason: string): void {
    this.#repairs += 1;
    this.#failure = reason;
    this.#attemptedAtMs = nowMs;
  }
}
