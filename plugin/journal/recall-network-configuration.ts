import type { InvocationConfig } from '#model/cni/invocation-event.ts';
import { readFileStatus, readText, replaceTextFile } from '#plugin/netlink/file-calls.ts';
import { hashText } from '#plugin/network/hash-text.ts';
import { findNetworkConfiguration, type NetworkIdentity } from './find-network-configuration.ts';

export type ConfigurationPlace = {
  /** PODWIRE_CONF_DIR */
  readonly configurationDirectory: string;
  /** PODWIRE_RUN: what is remembered goes with the next boot. */
  readonly runDirectory: string;
};

/** What was found, and the state of directory and file in which it is still true. */
type Memory = { readonly directory: string; readonly file: string; readonly config: InvocationConfig };

/**
 * The same as `findNetworkConfiguration`, remembered from one pod to the next: reading and digesting the files would cost each
 * half a millisecond. A file that was put there, taken away or changed is read again.
 * @throws where a directory cannot be read or written; the caller carries on
 */
export function recallNetworkConfiguration(
  { configurationDirectory, runDirectory }: ConfigurationPlace,
  identity: NetworkIdentity,
): InvocationConfig | undefined {
  const directory = describeState(configurationDirectory);
  if (directory === undefined) return undefined;
  const key = hashText(JSON.stringify([configurationDirectory, identity.network, identity.type])).toString(16);
  const path = `${runDirectory}/config-${key}`;
  const memory = readMemory(path);
  if (memory?.directory === directory && memory.file === describeState(memory.config.path)) return memory.config;
  const config = findNetworkConfiguration(configurationDirectory, identity);
  const file = config && describeState(config.path);
  if (config !== undefined && file !== undefined)
    replaceTextFile(path, JSON.stringify({ directory, file, config } satisfies Memory), 0o600);
  return config;
}

/** Differs after every change: the kernel sets ctime, and a rename brings another inode. */
function describeState(path: string): string | undefined {
  const status = readFileStatus(path);
  return status && `${status.device}:${status.inode}:${status.changedAtNs}:${status.sizeBytes}`;
}

function readMemory(path: string): Memory | undefined {
  try {
    return JSON.parse(readText(path)) as Memory;
  } catch {
    return undefined;
  }
}
