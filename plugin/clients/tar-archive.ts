/** A symbolic link where it has a target, a folder where it has no content either. */
export type TarEntry = {
  readonly path: string;
  readonly mode: number;
  readonly content?: Uint8Array;
  readonly target?: string;
};

const BLOCK_BYTES = 512;

/** A tar archive in the ustar format of POSIX.1-1988, everything in it owned by root. */
export function packTar(entries: readonly TarEntry[]): Buffer {
  const blocks = entries.flatMap((entry) => {
    const content = entry.content ?? new Uint8Array();
    return [describeEntry(entry, content.length), content, Buffer.alloc(-content.length & (BLOCK_BYTES - 1))];
  });
  return Buffer.concat([...blocks, Buffer.alloc(2 * BLOCK_BYTES)]);
}

/** The header block: text fields at fixed offsets, numbers in octal, and a sum over all bytes with blanks for itself. */
function describeEntry({ path, mode, content, target }: TarEntry, sizeBytes: number): Buffer {
  const header = Buffer.alloc(BLOCK_BYTES);
  const octal = (value: number, digits: number) => value.toString(8).padStart(digits, '0');
  header.write(path, 0);
  header.write(octal(mode, 7), 100);
  header.write(octal(0, 7), 108);
  header.write(octal(0, 7), 116);
  header.write(octal(sizeBytes, 11), 124);
  header.write(octal(0, 11), 136);
  header.write(target !== undefined ? '2' : content === undefined ? '5' : '0', 156);
  header.write(target ?? '', 157);
  header.write('ustar\u000000', 257);
  header.write(' '.repeat(8), 148);
  const sum = header.reduce((total, byte) => total + byte, 0);
  header.write(`${octal(sum, 6)}\u0000 `, 148);
  return header;
}
