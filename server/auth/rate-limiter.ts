export type Rate = { readonly burst: number; readonly perSecond: number };

type Bucket = { readonly tokens: number; readonly atMs: number };

/** Keys that are counted at a time: beyond, whoever was heard least recently begins anew. */
const MOST_KEYS = 10_000;

/** A token bucket for each key. Bounded in memory, whatever the keys are. */
export class RateLimiter {
  readonly #rate: Rate;
  readonly #nowMs: () => number;
  readonly #buckets = new Map<string, Bucket>();

  constructor(rate: Rate, nowMs: () => number) {
    this.#rate = rate;
    this.#nowMs = nowMs;
  }

  /** Keys that are counted now. */
  get size(): number {
    return this.#buckets.size;
  }

  /** Takes one for the key. @returns undefined where there was one, else in how many seconds there will be */
  take(key: string): number | undefined {
    const tokens = this.#count(key);
    const waitS = this.#waitS(tokens);
    this.#buckets.delete(key);
    this.#buckets.set(key, { tokens: waitS === undefined ? tokens - 1 : tokens, atMs: this.#nowMs() });
    const [oldest] = this.#buckets.keys();
    if (this.#buckets.size > MOST_KEYS && oldest !== undefined) this.#buckets.delete(oldest);
    return waitS;
  }

  /** The same, without taking. */
  peek(key: string): number | undefined {
    return this.#waitS(this.#count(key));
  }

  #count(key: string): number {
    const { burst, perSecond } = this.#rate;
    const known = this.#buckets.get(key);
    if (known === undefined) return burst;
    return Math.min(burst, known.tokens + ((this.#nowMs() - known.atMs) / 1_000) * perSecond);
  }

  #waitS(tokens: number): number | undefined {
    return tokens >= 1 ? undefined : Math.max(1, Math.ceil((1 - tokens) / this.#rate.perSecond));
  }
}
