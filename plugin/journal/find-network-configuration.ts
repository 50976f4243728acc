import type { InvocationConfig } from '#model/cni/invocation-event.ts';
import { listConfigurationFiles } from '#plugin/configuration/list-configuration-files.ts';
import { type ConfigurationFile, readConfigurationFile } from '#plugin/configuration/read-configuration-file.ts';
import { maskSecrets } from './mask-secrets.ts';

export type NetworkIdentity = { readonly network: string; readonly type: string };

/** Beyond this the chain is left out of the line, and its digest remains. */
const PLUGINS_LIMIT_CHARACTERS = 16 * 1024;
/** A directory with more files belongs to nobody who waits for a pod. */
const FILES_LIMIT = 32;

/**
 * Finds the file that a runtime took a network from: the first in libcni's order that has its name. One without an
 * element of our type is not the one that called us. Nothing is promised: a runtime may hold an older state of the file
 * in memory, or have the network from elsewhere.
 */
export function findNetworkConfiguration(
  directory: string,
  { network, type }: NetworkIdentity,
): InvocationConfig | undefined {
  for (const file of listConfigurationFiles(directory).slice(0, FILES_LIMIT)) {
    const configuration = readConfigurationFile(`${directory}/${file}`);
    if (!configuration.ok || configuration.value.name !== network) continue;
    return configuration.value.plugins.some((plugin) => plugin.type === type)
      ? describeConfiguration(configuration.value)
      : undefined;
  }
  return undefined;
}

function describeConfiguration({ path, text, plugins }: ConfigurationFile): InvocationConfig {
  const digest = `sha256:${new Bun.CryptoHasher('sha256').update(text).digest('hex')}`;
  if (text.length > PLUGINS_LIMIT_CHARACTERS) return { path, digest };
  return { path, digest, plugins: maskSecrets(plugins) as NonNullable<InvocationConfig['plugins']> };
}
