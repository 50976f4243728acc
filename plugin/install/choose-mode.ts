import { join } from 'node:path';
import { readConfigurationFile } from '#plugin/configuration/read-configuration-file.ts';
import { listNetworkFiles } from './describe-order.ts';
import { isTapNetwork } from './tap-network.ts';

/**
 * What podwire is on a node where nobody said it: what it is already; else a tap where another plugin's network is found, and the
 * bridge where there is none. A file that no runtime can use is no network.
 * @throws InstallFailure where the directory cannot be read
 */
export function chooseMode(directory: string): 'bridge' | 'tap' {
  const files = listNetworkFiles(directory).flatMap((name) => {
    const file = readConfigurationFile(join(directory, name));
    return file.ok ? [file.value] : [];
  });
  if (files.some(isTapNetwork)) return 'tap';
  if (files.some(({ plugins }) => plugins[0]?.type === 'podwire')) return 'bridge';
  return files.length > 0 ? 'tap' : 'bridge';
}
