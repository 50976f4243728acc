import { type FSWatcher, readdirSync, statSync, watch } from 'node:fs';
import { join } from 'node:path';
import { openNetlinkSocket } from '#plugin/netlink/netlink-socket.ts';
import { NETLINK } from '#plugin/netlink/netlink-tables.ts';
import { readNftablesGeneration } from '#plugin/netlink/read-nftables-generation.ts';
import { namespaceFolders } from './find-namespaces.ts';
import { KernelNotifications } from './kernel-notifications.ts';
import type { KernelState } from './kernel-state.ts';
import { WakeSignal } from './wake-signal.ts';
import { describeError, type WriteLog } from './write-log-line.ts';

/** Changes come in groups: one ADD is a dozen notifications. */
const debounceMs = 10;
/** Reading takes this share of one core at most, however much moves. */
const restPerReading = 4;
const pollMs = 1_000;
const resyncMs = 30_000;

interface Follower {
  readonly state: KernelState;
  readonly log: WriteLog;
  readonly signal: AbortSignal;
  /** @param isFull after a resync: what moves by itself may be told too */
  readonly onRead: (isFull: boolean) => void;
  readonly nowMs: () => number;
}

/**
 * Keeps the state in step with the kernel until aborted: notifications, bound namespaces that come and go, rulesets that
 * change, and a full reading every 30 s for all that no notification tells. The first full reading comes at once.
 */
export async function followKernel(follower: Follower): Promise<void> {
  const { state, log, signal, onRead, nowMs } = follower;
  using notifications = new KernelNotifications();
  const wake = new WakeSignal();
  const watching = notifications.watch(() => wake.notify());
  watching.catch((error: unknown) => log('error', 'kernel notifications ended', { reason: describeError(error) }));
  using _folders = watchFolders(namespaceFolders, () => wake.notify());
  let resyncAtMs = 0;
  let polled = '';
  while (!signal.aborted) {
    const startMs = nowMs();
    const isFull = startMs >= resyncAtMs;
    // Taken before reading: what happens meanwhile is found by the next round.
    const touched = notifications.drain();
    const seen = pollSilentChanges();
    const isTouched = touched.own || touched.overflowed || touched.localIds.size > 0 || seen !== polled;
    polled = seen;
    if (isFull || isTouched) {
      await readSafely(isFull ? state.readEverything() : state.readTouched(touched), log);
      if (isFull) resyncAtMs = nowMs() + resyncMs;
      onRead(isFull);
    }
    await pause((nowMs() - startMs) * restPerReading, signal);
    await wake.wait(pollMs, signal);
    await pause(debounceMs, signal);
  }
}

async function readSafely(reading: Promise<void>, log: WriteLog): Promise<void> {
  try {
    await reading;
  } catch (error) {
    log('error', 'kernel state could not be read', { reason: describeError(error) });
  }
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
  return ms <= 0 ? Promise.resolve() : new WakeSignal().wait(ms, signal);
}

/** What changes without a notification on our sockets: bound namespaces, and the root's ruleset. */
function pollSilentChanges(): string {
  const bound = namespaceFolders.flatMap((folder) => listEntries(folder));
  using socket = openNetlinkSocket(NETLINK.NETFILTER);
  return `${bound.join(' ')} ${readNftablesGeneration(socket) ?? ''}`;
}

function listEntries(folder: string): string[] {
  try {
    return readdirSync(folder).map((name) => `${name}:${statSync(join(folder, name)).ino}`);
  } catch {
    return [];
  }
}

/** The folders may not exist yet, or be mounted over later: the poll finds what the watch misses. */
function watchFolders(folders: readonly string[], onChange: () => void): Disposable {
  const watchers = folders.flatMap((folder): FSWatcher[] => {
    try {
      const watcher = watch(folder, { persistent: false }, onChange);
      watcher.on('error', () => watcher.close());
      return [watcher];
    } catch {
      return [];
    }
  });
  return {
    [Symbol.dispose]: () => {
      for (const watcher of watchers) watcher.close();
    },
  };
}
