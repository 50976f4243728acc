type Waiting = { readonly bytes: number; readonly enter: () => void };

/**
 * Room for batches while they are unpacked, read and written, which is when they take several times their size. Where it is
 * full, the next ones wait as they came, packed, in their order: the agents of a whole cluster may send at once.
 */
export class BatchRoom {
  readonly #bytes: number;
  readonly #waiting: Waiting[] = [];
  #takenBytes = 0;

  constructor(bytes: number) {
    this.#bytes = bytes;
  }

  /** Does the work once there is room for so many bytes; what is larger than the room has it for itself. */
  async hold<T>(bytes: number, work: () => Promise<T>): Promise<T> {
    const held = Math.min(bytes, this.#bytes);
    if (this.#waiting.length === 0 && this.#fits(held)) this.#takenBytes += held;
    else await new Promise<void>((enter) => this.#waiting.push({ bytes: held, enter }));
    try {
      return await work();
    } finally {
      this.#takenBytes -= held;
      this.#admit();
    }
  }

  #admit(): void {
    for (let next = this.#waiting[0]; next !== undefined && this.#fits(next.bytes); next = this.#waiting[0]) {
      this.#waiting.shift();
      this.#takenBytes += next.bytes;
      next.enter();
    }
  }

  #fits(bytes: number): boolean {
    return this.#takenBytes + bytes <= this.#bytes;
  }
}
