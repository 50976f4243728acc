import { readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { readConfigurationFile } from '#plugin/configuration/read-configuration-file.ts';
import { listNetworkFiles } from '#plugin/install/describe-order.ts';
import { parseInstallOptions } from '#plugin/install/install-options.ts';
import { placeFiles, removeFile } from '#plugin/install/place-files.ts';
import { isTapNetwork, makeTapNetwork } from '#plugin/install/tap-network.ts';
import { describeError, type WriteLog } from './write-log-line.ts';

type Environment = Readonly<Record<string, string | undefined>>;

const POLL_MS = 5_000;
/** Some installers take a file away before they write the new one. */
const GONE_POLLS = 6;

interface Keeper {
  readonly directory: string;
  readonly log: WriteLog;
}

/**
 * Keeps the copy that taps another plugin's network like its original: that plugin's own installer rewrites the original whenever
 * it likes, and knows nothing of ours. A copy whose original stays away goes too, or the node would look as if it had a network.
 * A copy that is not there is not made: that is `podwire install`'s to do, and somebody may have uninstalled it. Only where
 * the node is a tap: an agent that was told nothing about the node's network looks at none.
 */
export async function keepTap(
  env: Environment,
  { log, signal }: { readonly log: WriteLog; readonly signal: AbortSignal },
): Promise<void> {
  if (env.PODWIRE_MODE !== 'tap') return;
  const options = parseInstallOptions([], env);
  if (!options.ok) {
    log('error', 'the tap is not kept', { reason: options.error });
    return;
  }
  const keeper: Keeper = { directory: options.value.confDirectory, log };
  let gonePolls = 0;
  let complaint = '';
  let state: TapState = 'none';
  while (!signal.aborted) {
    try {
      const before = state;
      state = updateTap(keeper);
      if (state === 'none' && before !== 'none') log('info', 'the tap was taken away; podwire install makes one');
      gonePolls = state === 'gone' ? gonePolls + 1 : 0;
      if (gonePolls >= GONE_POLLS) removeTap(keeper);
      complaint = '';
    } catch (error) {
      if (describeError(error) !== complaint) log('warn', 'the tap cannot be kept', { reason: describeError(error) });
      complaint = describeError(error);
    }
    await wait(POLL_MS, undefined, { signal }).catch(() => undefined);
  }
}

/** There is no copy; its original is gone; it is like its original. */
type TapState = 'none' | 'gone' | 'kept';

/** @throws InstallFailure */
function updateTap({ directory, log }: Keeper): TapState {
  const tap = findTap(directory);
  if (tap === undefined) return 'none';
  if (listNetworkFiles(directory).every((name) => name === basename(tap))) return 'gone';
  const { text, mode, original } = makeTapNetwork(directory, basename(tap));
  if (readFileSync(tap, 'utf8') === text) return 'kept';
  placeFiles([{ path: tap, mode, content: { text } }]);
  log('info', 'the tap follows a change of the network', { path: tap, original });
  return 'kept';
}

function removeTap({ directory, log }: Keeper): void {
  const tap = findTap(directory);
  if (tap === undefined) return;
  removeFile(tap);
  log('warn', 'the tap is removed: the network that it watched is gone', { path: tap });
}

function findTap(directory: string): string | undefined {
  const name = listNetworkFiles(directory).find((candidate) => {
    const file = readConfigurationFile(join(directory, candidate));
    return file.ok && isTapNetwork(file.value);
  });
  return name === undefined ? undefined : join(directory, name);
}
