/** A browser subscribes to what it draws: a few views at a page change. Far beyond that somebody is out of order. */
const BURST_REQUESTS = 200;
const REQUESTS_PER_SECOND = 50;
const FORGIVEN_EXCESS = 1_000;

export type RequestVerdict = 'take' | 'excess' | 'end';

/** Counts one browser's requests. `excess`: not to be answered; `end`: it does not stop. */
export class RequestLimit {
  #left = BURST_REQUESTS;
  #excess = 0;
  #lastMs: number;

  constructor(nowMs: number) {
    this.#lastMs = nowMs;
  }

  judge(nowMs: number): RequestVerdict {
    const gained = ((nowMs - this.#lastMs) / 1000) * REQUESTS_PER_SECOND;
    this.#left = Math.min(BURST_REQUESTS, this.#left + gained);
    this.#lastMs = nowMs;
    if (this.#left >= 1) {
      this.#left -= 1;
      return 'take';
    }
    this.#excess += 1;
    return this.#excess > FORGIVEN_EXCESS ? 'end' : 'excess';
  }
}
