/** An answer, and until when it may be given again. */
export type Kept<T> = { readonly value: T; readonly keptMs: number };

/**
 * Answers of the API server for a while. Who asks the same while it is being asked gets the same answer; a failure is kept for
 * nobody. Bounded: the oldest goes.
 */
export class ReviewCache<T> {
  readonly #answers = new Map<string, { readonly value: T; readonly untilMs: number }>();
  readonly #asked = new Map<string, Promise<T>>();
  readonly #most: number;
  readonly #nowMs: () => number;

  constructor({ most, nowMs }: { readonly most: number; readonly nowMs: () => number }) {
    this.#most = most;
    this.#nowMs = nowMs;
  }

  /** Rejects where `ask` does. */
  async read(key: string, ask: () => Promise<Kept<T>>): Promise<T> {
    const known = this.#answers.get(key);
    if (known !== undefined && known.untilMs > this.#nowMs()) return known.value;
    const underWay = this.#asked.get(key);
    if (underWay !== undefined) return underWay;
    const answer = ask().then(({ value, keptMs }) => {
      this.#put(key, { value, untilMs: this.#nowMs() + keptMs });
      return value;
    });
    this.#asked.set(key, answer);
    try {
      return await answer;
    } finally {
      this.#asked.delete(key);
    }
  }

  /** What was answered last, however long ago. */
  recall(key: string): T | undefined {
    return this.#answers.get(key)?.value;
  }

  forget(key: string): void {
    this.#answers.delete(key);
  }

  #put(key: string, answer: { readonly value: T; readonly untilMs: number }): void {
    this.#answers.delete(key);
    this.#answers.set(key, answer);
    const [oldest] = this.#answers.keys();
    if (this.#answers.size > this.#most && oldest !== undefined) this.#answers.delete(oldest);
  }
}
