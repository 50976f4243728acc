import { type FSWatcher, statSync, watch } from 'node:fs';

/** Directories that may be made, removed and made again while they are watched. */
export class WatchedFolders implements Disposable {
  readonly #folders: readonly string[];
  readonly #onChange: () => void;
  /** A directory that was made anew is another one, even where it got the old one's inode. */
  readonly #watchers = new Map<string, { readonly identity: string; readonly watcher: FSWatcher }>();

  constructor(folders: readonly string[], onChange: () => void) {
    this.#folders = [...new Set(folders)];
    this.#onChange = onChange;
  }

  /**
   * Watches those that are there and not watched yet. To be called again and again: nobody tells of a directory that is made.
   * @returns whether one is watched from now on, in which something may have happened before
   */
  open(): boolean {
    let isNew = false;
    for (const folder of this.#folders) {
      const status = statSync(folder, { throwIfNoEntry: false });
      const identity = status && `${status.ino} ${status.birthtimeMs}`;
      if (this.#watchers.get(folder)?.identity === identity) continue;
      this.#close(folder);
      if (identity !== undefined && this.#open(folder, identity)) isNew = true;
    }
    return isNew;
  }

  [Symbol.dispose](): void {
    for (const folder of this.#folders) this.#close(folder);
  }

  #open(folder: string, identity: string): boolean {
    try {
      const watcher = watch(folder, { persistent: false }, () => this.#onChange());
      watcher.on('error', () => this.#close(folder));
      this.#watchers.set(folder, { identity, watcher });
      return true;
    } catch {
      // It went, or the machine's watches are used up: it is looked at every 30 s all the same.
      return false;
    }
  }

  #close(folder: string): void {
    this.#watchers.get(folder)?.watcher.close();
    this.#watchers.delete(folder);
  }
}
