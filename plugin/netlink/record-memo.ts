/** Attributes that move by themselves, by number; a map for those nested in one. */
export type Noise = ReadonlyMap<number, Noise | 'all'>;

interface MessageForm<T> {
  /** @returns `undefined` for what is no record */
  readonly decode: (body: Uint8Array) => T | undefined;
  /** Length of the family's header, rounded up to 4. */
  readonly headerBytes: number;
  /** What the decoder skips because it moves by itself: ages, counters, timers. It is blanked in the bytes. */
  readonly noise?: Noise;
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
    const { noise, headerBytes } = this.#form;
    if (noise !== undefined)
      blankNoise(new DataView(body.buffer, body.byteOffset, body.byteLength), headerBytes, noise);
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

/** struct nlattr: length u16, type u16 with two flags, then the value; padded to 4. include/uapi/linux/netlink.h */
function blankNoise(view: DataView, from: number, noise: Noise): void {
  for (let at = from; at + 4 <= view.byteLength; ) {
    const length = view.getUint16(at, true);
    if (length < 4 || at + length > view.byteLength) return;
    const kind = noise.get(view.getUint16(at + 2, true) & 0x3fff);
    if (kind === 'all') new Uint8Array(view.buffer, view.byteOffset + at + 4, length - 4).fill(0);
    else if (kind !== undefined) blankNoise(new DataView(view.buffer, view.byteOffset + at + 4, length - 4), 0, kind);
    at += (length + 3) & ~3;
  }
}
