import { zstdCompressSync, zstdDecompressSync } from 'node:zlib';
import { DamagedContent } from './storage-error.ts';

/** Beyond this, JSON is kept compressed: a snapshot of a node shrinks to a twentieth. */
export const COMPRESSED_ABOVE_BYTES = 16 * 1024;

/** SQLite's own words. */
export const MALFORMED = 'database disk image is malformed';

/** JSON text as the store keeps it. */
export const encodeText = (text: string): string | Uint8Array =>
  text.length > COMPRESSED_ABOVE_BYTES ? zstdCompressSync(text) : text;

/** The text of a column that `encodeText` made. Throws DamagedContent. */
export function decodeText(kept: unknown): string {
  if (!(kept instanceof Uint8Array)) return String(kept);
  try {
    return zstdDecompressSync(kept).toString('utf8');
  } catch (error) {
    throw new DamagedContent(MALFORMED, { cause: error });
  }
}

/** JSON that this store wrote. Throws DamagedContent. */
export function parseKept<T>(text: string): T {
  try {
    return JSON.parse(text) as T;
  } catch (error) {
    throw new DamagedContent(MALFORMED, { cause: error });
  }
}
