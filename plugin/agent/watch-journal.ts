import { type FSWatcher, mkdirSync, statSync, watch } from 'node:fs';
import { describeError, type WriteLog } from './write-log-line.ts';

/** A folder that cannot be watched is looked at so often. */
const pollMs = 1_000;
/** One that is watched too, for what no event tells. Lines that no event told of go with the next heartbeat. */
const watchedPollMs = 5_000;

interface JournalWatch {
  readonly onChange: () => void;
  /** Once in a while, changed or not. */
  readonly onPoll: () => void;
  readonly log: WriteLog;
}

/** Tells when a folder of the journal may have changed, also when it was deleted and made anew, until disposed. */
export function watchJournal(folders: readonly string[], { onChange, onPoll, log }: JournalWatch): Disposable {
  const watches = folders.map((folder) => new FolderWatch(folder, onChange));
  for (const problem of watches.map((each) => each.start())) if (problem !== undefined) log('warn', problem);
  let poll: NodeJS.Timeout;
  const pollLater = (): void => {
    const isWatching = watches.every((each) => each.isWatching);
    poll = setTimeout(look, isWatching ? watchedPollMs : pollMs);
  };
  const look = (): void => {
    const isWatching = watches.every((each) => each.isWatching);
    const isNew = watches.map((each) => each.restartIfReplaced()).includes(true);
    onPoll();
    if (!isWatching || isNew) onChange();
    pollLater();
  };
  pollLater();
  return {
    [Symbol.dispose]: () => {
      clearTimeout(poll);
      for (const each of watches) each.close();
    },
  };
}

class FolderWatch {
  readonly #folder: string;
  readonly #onChange: () => void;
  #watched: { readonly inode: bigint | undefined; readonly watcher: FSWatcher } | undefined;

  constructor(folder: string, onChange: () => void) {
    this.#folder = folder;
    this.#onChange = onChange;
  }

  get isWatching(): boolean {
    return this.#watched !== undefined;
  }

  /** @returns why it is only polled */
  start(): string | undefined {
    try {
      mkdirSync(this.#folder, { recursive: true, mode: 0o755 });
      const watcher = watch(this.#folder, { persistent: false }, this.#onChange);
      watcher.on('error', () => this.close());
      this.#watched = { inode: this.#readInode(), watcher };
      return undefined;
    } catch (error) {
      return `the journal is polled: ${describeError(error)}`;
    }
  }

  /** @returns whether it was */
  restartIfReplaced(): boolean {
    const inode = this.#readInode();
    if (inode !== undefined && this.#watched !== undefined && inode === this.#watched.inode) return false;
    this.close();
    if (inode !== undefined) this.start();
    return true;
  }

  close(): void {
    this.#watched?.watcher.close();
    this.#watched = undefined;
  }

  #readInode(): bigint | undefined {
    return statSync(this.#folder, { bigint: true, throwIfNoEntry: false })?.ino;
  }
}
