import { readFileStatus } from '#plugin/netlink/file-calls.ts';
import { nodeFs } from '#plugin/netlink/node-fs.ts';

/** For sixteen pods: a reservation takes one block, of 4 KiB as a rule. */
const SPARE_BYTES = 64 * 1024;
const BLOCK_BYTES = 4 * 1024;

/** Whether the disk, or the quota, has no block left. */
export function isFull(error: unknown): boolean {
  return ['ENOSPC', 'EDQUOT'].includes((error as NodeJS.ErrnoException).code ?? '');
}

/** Sets space aside for a full disk, where there is some. A file that was used up is filled again. */
export function keepSpareSpace(path: string): void {
  try {
    const size = readFileStatus(path)?.sizeBytes ?? 0;
    if (size < SPARE_BYTES) nodeFs().writeFileSync(path, new Uint8Array(SPARE_BYTES), { mode: 0o600 });
  } catch {
    // Nothing to set aside: what pods are there must not suffer from it.
  }
}

/** Gives one block back to the disk. @returns false where none was left */
export function giveSpareSpace(path: string): boolean {
  const size = readFileStatus(path)?.sizeBytes ?? 0;
  if (size === 0) return false;
  nodeFs().truncateSync(path, Math.max(0, size - BLOCK_BYTES));
  return true;
}
