/** Numbers that look random and are the same for the same seed: mulberry32, 32 bits of state. */
export class SeededRandom {
  #state: number;

  constructor(seed: number) {
    this.#state = seed >>> 0;
  }

  /** At least 0, below 1. */
  fraction(): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(this.#state ^ (this.#state >>> 15), this.#state | 1);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  }

  /** A whole number from 0 to `count` - 1. */
  index(count: number): number {
    return Math.floor(this.fraction() * count);
  }

  /** @throws where there is nothing to pick from */
  pick<T>(choices: readonly T[]): T {
    const [choice] = choices.slice(this.index(choices.length));
    if (choice === undefined) throw new Error('nothing to pick from');
    return choice;
  }

  isTrue(probability: number): boolean {
    return this.fraction() < probability;
  }
}
