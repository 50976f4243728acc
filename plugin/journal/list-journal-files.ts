import { nodeFs } from '#plugin/netlink/node-fs.ts';

/** The file that the plugin appends to. Rotated ones keep its name and add to it. */
export const JOURNAL_FILE = 'invocations.ndjson';

/** @param directory PODWIRE_STATE or PODWIRE_RUN */
export function journalFolder(directory: string): string {
  return `${directory}/journal`;
}

export type JournalFile = {
  readonly path: string;
  readonly inode: string;
  readonly byteCount: number;
  /** Nobody opens it anew for writing. */
  readonly isRotated: boolean;
};

/**
 * Files of the journal, oldest first as their names tell, the current one last. What else is in the folder is not ours.
 * @returns none where the folder is not there
 */
export function listJournalFiles(folder: string): readonly JournalFile[] {
  return listNames(folder)
    .filter((name) => name === JOURNAL_FILE || name.startsWith(`${JOURNAL_FILE}.`))
    .sort((one, other) => Number(one === JOURNAL_FILE) - Number(other === JOURNAL_FILE) || (one < other ? -1 : 1))
    .flatMap((name) => {
      const path = `${folder}/${name}`;
      const status = nodeFs().statSync(path, { bigint: true, throwIfNoEntry: false });
      if (status === undefined || !status.isFile()) return [];
      const isRotated = name !== JOURNAL_FILE;
      return [{ path, inode: String(status.ino), byteCount: Number(status.size), isRotated }];
    });
}

function listNames(folder: string): string[] {
  try {
    return nodeFs().readdirSync(folder);
  } catch {
    return [];
  }
}
