import { closeSync, type FSWatcher, openSync, watch } from 'node:fs';
import { waitUntilReady } from '#plugin/netlink/libc.ts';
import { namespaceFolders } from './find-namespaces.ts';

/** What no watch tells is looked for so often. */
const mountLookMs = 1_000;

/**
 * Tells when namespaces may have got or lost a name. A name is a file with the namespace mounted on it: files are watched,
 * and the kernel marks /proc/self/mountinfo when a mount comes or goes (fs/proc_namespace.c, mounts_poll), which costs one
 * system call to look at.
 */
export class NamespaceNames implements Disposable {
  readonly #watchers: readonly FSWatcher[];
  readonly #mounts = openSync('/proc/self/mountinfo', 'r');
  readonly #look: NodeJS.Timeout;
  #hasChanged = false;

  constructor(onChange: () => void) {
    this.#watchers = namespaceFolders.flatMap((folder) => {
      // The folders may not exist yet, or be mounted over later: the mounts tell what the watch misses.
      try {
        const watcher = watch(folder, { persistent: false }, () => {
          this.#hasChanged = true;
          onChange();
        });
        watcher.on('error', () => watcher.close());
        return [watcher];
      } catch {
        return [];
      }
    });
    this.#look = setInterval(() => {
      if (this.#lookAtMounts()) onChange();
    }, mountLookMs);
  }

  /** Since the last time it was asked. */
  hasChanged(): boolean {
    const hasChanged = this.#lookAtMounts();
    this.#hasChanged = false;
    return hasChanged;
  }

  /** The kernel tells of a change once. */
  #lookAtMounts(): boolean {
    this.#hasChanged = waitUntilReady(this.#mounts, 'changed', 0) || this.#hasChanged;
    return this.#hasChanged;
  }

  [Symbol.dispose](): void {
    clearInterval(this.#look);
    for (const watcher of this.#watchers) watcher.close();
    closeSync(this.#mounts);
  }
}
