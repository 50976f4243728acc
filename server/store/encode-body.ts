import { zstdCompressSync, zstdDecompressSync } from 'node:zlib';

/** Beyond this, JSON is kept compressed: a snapshot of a node shrinks to a twentieth. */
const COMPRESSED_ABOVE_BYTES = 16 * 1024;

/** JSON text as the store keeps it. */
export const encodeText = (text: string): string | Uint8Array =>
  text.length > COMPRESSED_ABOVE_BYTES ? zstdCompressSync(text) : text;

/** The text of a column that `encodeText` made. */
export const decodeText = (kept: unknown): string =>
  kept instanceof Uint8Array ? zstdDecompressSync(kept).toString('utf8') : String(kept);
