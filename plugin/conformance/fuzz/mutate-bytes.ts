import type { SeededRandom } from '#model/testing/fuzz/seeded-random.ts';

const MEBIBYTE = 1024 * 1024;

/** Damages the text of a configuration below the level of JSON. */
export function mutateBytes(random: SeededRandom, text: string): Buffer {
  const bytes = Buffer.from(text);
  const at = random.index(bytes.byteLength + 1);
  const insert = (inserted: string | Buffer): Buffer =>
    Buffer.concat([bytes.subarray(0, at), Buffer.from(inserted as string), bytes.subarray(at)]);
  switch (random.index(14)) {
    case 0:
      return bytes.subarray(0, at);
    case 1:
      return insert(Buffer.from([0xff, 0xc0, 0x80]));
    case 2:
      return insert(Buffer.from(Array.from({ length: 1 + random.index(8) }, () => random.index(256))));
    case 3:
      return flipBit(bytes, at, random.index(8));
    case 4:
      return Buffer.from(text.replace('{', '{"name":"other","cniVersion":"0.3.1","ipam":{"type":"x"},'));
    case 5:
      return Buffer.from(text.replace(/\}$/, ',"name":7,"bridge":null}'));
    case 6:
      return Buffer.from(`\ufeff${text}`);
    case 7:
      return Buffer.from(`${text}${random.pick(['x', text, '\u0000', '}', ' '.repeat(70_000)])}`);
    case 8:
      return Buffer.from(
        text.replace(/:\d+/, `:${random.pick(['1e999', '-1e999', '9'.repeat(400), '00', '0x1', '1.'])}`),
      );
    case 9:
      return Buffer.from(
        random.pick(['', ' ', '{}', '[]', 'null', '0', '"', '"x"', '{', '[', '}', 'true', '\u0000', '{"":{}}']),
      );
    case 10:
      return Buffer.from(text.replaceAll('"', random.pick(["'", '', '\\"', '“'])));
    case 11:
      return Buffer.from(text.replaceAll(',', random.pick([',,', ';', ',\n\t ', ''])));
    default:
      return random.isTrue(0.03) ? makeHuge(random, text) : bytes.subarray(at);
  }
}

function flipBit(bytes: Buffer, at: number, bit: number): Buffer {
  const flipped = Buffer.from(bytes);
  const index = Math.min(at, flipped.byteLength - 1);
  flipped[index] = (flipped[index] ?? 0) ^ (1 << bit);
  return flipped;
}

/** From 1 to 10 MiB: as text, as nesting, as many keys. */
function makeHuge(random: SeededRandom, text: string): Buffer {
  const size = MEBIBYTE * (1 + random.index(10));
  const put = (value: string): Buffer => Buffer.from(text.replace('{', `{"huge":${value},`));
  switch (random.index(4)) {
    case 0:
      return put(`"${'x'.repeat(size)}"`);
    case 1:
      return put('['.repeat(size / 10) + ']'.repeat(size / 10));
    case 2:
      return put(`{${Array.from({ length: size / 20 }, (_, index) => `"k${index}":${index}`).join(',')}}`);
    default:
      return Buffer.alloc(size, '[');
  }
}
