/** An answer, and until when it may be given again. */
export type Kept<T> = { readonly value: T; readonly keptMs: number };

/** An answer that was given, and when. */
export type Answered<T> = { readonly value: T; readonly atMs: number };

/**
 * Answers of the API server for a while. Who asks the same while it is being asked gets the same answer; a failure is kept for
 * nobody. Bounded: the oldest goes.
 */
export class ReviewCache<T> {
  readonly #answers = new Map<string, Answered<T> & { readonly untilMs: number }>();
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
      const atMs = this.#nowMs();
      this.#put(key, { value, atMs, untilMs: atMs + keptMs });
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
  recall(key: string): Answered<T> | undefined {
    return this.#answers.get(key);
  }

  /** Gives the last answer again for so long, as old as it is. */
  extend(key: string, keptMs: number): void {
    const known = this.#answers.get(key);
    if (known !== undefined) this.#put(key, { ...known, untilMs: this.#nowMs() + keptMs });
  }

  forget(key: string): void {
    this.#answers.delete(key);
  }

  #put(key: string, answer: Answered<T> & { readonly untilMs: number }): void {
    this.#answers.delete(key);
    this.#answers.set(key, answer);
    const [oldest] = this.#answers.keys();
    if (this.#answers.size > this.#most && oldest !== undefined) this.#answers.delete(oldest);
  }
}
