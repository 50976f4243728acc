import { statSync } from 'node:fs';
import { basename, join } from 'node:path';
import type { JsonObject, JsonValue } from '#model/json.ts';
import { type ConfigurationFile, readConfigurationFile } from '#plugin/configuration/read-configuration-file.ts';
import { listNetworkFiles } from './describe-order.ts';
import { InstallFailure } from './install-failure.ts';

/** Marks our copy and names what it was made from. Runtimes pass over keys that they do not know. */
const ORIGIN_KEY = 'podwire.io/tap-of';

/** The second sorts before every name that begins with two digits, as `00-multus.conf` does. */
const DEFAULT_NAMES = ['00-podwire-tap.conflist', '0-podwire-tap.conflist'] as const;

export type TapNetwork = {
  readonly name: string;
  readonly text: string;
  readonly mode: number;
  readonly original: string;
};

/**
 * The network that the runtime uses now, with a tap at the end of its chain, as a file that is read before it. The original stays as
 * it is and is the first again when ours is gone; the network's name stays too, so that what is known by it (results,
 * reserved addresses) is found.
 * @throws InstallFailure where there is no network to tap
 */
export function makeTapNetwork(directory: string, wantedName: string | undefined): TapNetwork {
  const original = findOriginal(directory);
  const file = basename(original.path);
  const name = wantedName ?? DEFAULT_NAMES.find((candidate) => candidate < file);
  if (name === undefined || name >= file) {
    throw new InstallFailure(`the tap's file has to be read before ${file}; give a --conf-name that sorts before it`);
  }
  const mode = statSync(original.path).mode & 0o777;
  return { name, text: renderTapNetwork(original), mode, original: original.path };
}

function findOriginal(directory: string): ConfigurationFile {
  for (const name of listNetworkFiles(directory)) {
    const file = readConfigurationFile(join(directory, name));
    if (!file.ok) throw new InstallFailure(`the runtime’s first network is broken; repair or remove it: ${file.error}`);
    if (isTapNetwork(file.value)) continue;
    if (!file.value.plugins.some(({ type }) => type === 'podwire')) return file.value;
    throw new InstallFailure(`${file.value.path} has podwire in its chain already; there is nothing to tap`);
  }
  throw new InstallFailure(`${directory} has no network to tap; install the cluster’s CNI first and run this again`);
}

function renderTapNetwork({ path, list, name, plugins }: ConfigurationFile): string {
  const isList = path.endsWith('.conflist');
  const chain: readonly JsonValue[] = isList ? plugins : plugins.map(withoutListKeys);
  const head: JsonObject = isList
    ? list
    : { ...(list.cniVersion === undefined ? {} : { cniVersion: list.cniVersion }) };
  const network = {
    ...head,
    name,
    plugins: [...chain, { type: 'podwire', mode: 'tap' }],
    [ORIGIN_KEY]: basename(path),
  };
  return `${JSON.stringify(network, null, 2)}\n`;
}

/** What a chain has once: libcni puts both into what each plugin reads. */
function withoutListKeys({ name: _, cniVersion: __, ...plugin }: JsonObject): JsonObject {
  return plugin;
}

export function isTapNetwork({ list }: ConfigurationFile): boolean {
  return typeof list[ORIGIN_KEY] === 'string';
}
