import { KernelNotifications } from './kernel-notifications.ts';
import type { KernelState } from './kernel-state.ts';
import { NamespaceNames } from './namespace-names.ts';
import { WakeSignal } from './wake-signal.ts';
import { describeError, type WriteLog } from './write-log-line.ts';

/** Changes come in groups: one ADD is a dozen notifications. */
const debounceMs = 10;
/** Reading takes this share of one core at most, however much moves. */
const restPerReading = 4;
/** Everything that happens wakes; should a wake be missed, what was notified is taken all the same. */
const lookMs = 5_000;
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
 * Keeps the state in step with the kernel until aborted: by notifications, by a look at the names of namespaces, and by a
 * full reading every 30 s, and at once where notifications were lost. The first full reading comes at once.
 */
export async function followKernel(follower: Follower): Promise<void> {
  const { state, log, signal, onRead, nowMs } = follower;
  using notifications = new KernelNotifications();
  const wake = new WakeSignal();
  const watching = notifications.watch(() => wake.notify());
  watching.catch((error: unknown) => log('error', 'kernel notifications ended', { reason: describeError(error) }));
  using names = new NamespaceNames(() => wake.notify());
  let resyncAtMs = 0;
  while (!signal.aborted) {
    const startMs = nowMs();
    const isFull = startMs >= resyncAtMs;
    const hasNewNames = names.hasChanged();
    const notices = isFull ? undefined : notifications.drain();
    const isTouched = notices !== undefined && (notices.byLocalId.size > 0 || notices.hasOverflowed);
    if (isFull || isTouched || hasNewNames) {
      const reading =
        notices === undefined ? state.resync(() => notifications.drain()) : state.apply(notices, hasNewNames);
      const isInStep = await settle(reading, log);
      resyncAtMs = isInStep ? (isFull ? nowMs() + resyncMs : resyncAtMs) : 0;
      // A first reading that failed leaves nothing to tell; an empty snapshot would say that the node has no namespace.
      if (state.namespaces.size > 0) onRead(isFull);
    }
    await pause((nowMs() - startMs) * restPerReading, signal);
    await wake.wait(Math.max(0, Math.min(lookMs, resyncAtMs - nowMs())), signal);
    await pause(debounceMs, signal);
  }
}

/** What failed for a reason of its own is done again at the next resync, not at once. */
async function settle(reading: Promise<boolean>, log: WriteLog): Promise<boolean> {
  try {
    return await reading;
  } catch (error) {
    log('error', 'kernel state could not be read', { reason: describeError(error) });
    return true;
  }
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
  return ms <= 0 ? Promise.resolve() : new WakeSignal().wait(ms, signal);
}
