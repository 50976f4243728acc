import { decodeAttributes } from './netlink-message.ts';

interface MessageForm<T> {
  /** @returns `undefined` for what is no record */
  readonly decode: (body: Uint8Array) => T | undefined;
  /** Length of the family's header, rounded up to 4. */
  readonly headerBytes: number;
  /** Attributes that the decoder skips and that move by themselves: ages, use counts. They are blanked in the bytes. */
  readonly noise?: ReadonlySet<number>;
}

/**
 * Decodes each message once: the same bytes give the same object again. Nearly everything that a full reading sees was seen
 * by the one before it, and most namespaces have the same rules, loopback routes and loopback links: memory and time are
 * paid for what differs. Records are immutable, so that they can stand in many namespaces.
 */
export class RecordMemo<T> {
  readonly #form: MessageForm<T>;
  #young = new Map<string, T | undefined>();
  #old = new Map<string, T | undefined>();

  constructor(form: MessageForm<T>) {
    this.#form = form;
  }

  /** @param body is changed where it holds noise */
  decode(body: Uint8Array): T | undefined {
    if (this.#form.noise !== undefined) blankNoise(body, this.#form.headerBytes, this.#form.noise);
    const key = Buffer.from(body.buffer, body.byteOffset, body.byteLength).toString('latin1');
    const young = this.#young.get(key);
    if (young !== undefined || this.#young.has(key)) return young;
    const record = this.#old.has(key) ? this.#old.get(key) : this.#form.decode(body);
    this.#young.set(key, record);
    return record;
  }

  /** After a full reading: what neither this one nor the one before saw is forgotten. */
  age(): void {
    this.#old = this.#young;
    this.#young = new Map();
  }
}

function blankNoise(body: Uint8Array, headerBytes: number, noise: ReadonlySet<number>): void {
  for (const { type, value } of decodeAttributes(body, headerBytes)) if (noise.has(type)) value.fill(0);
}
