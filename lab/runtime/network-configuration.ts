import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { JsonObject, JsonValue } from '#model/json.ts';
import { fail, type Result, succeed } from '#model/result.ts';
import { CONFIGURATION_DIRECTORY, type Machine, PLUGIN_DIRECTORY } from '../machine/boot-machine.ts';

/** A network configuration list as libcni holds it; a single `.conf` becomes a list of one. */
export type NetworkConfiguration = {
  readonly file: string;
  readonly name: string;
  readonly cniVersion: string;
  readonly plugins: readonly PluginConfiguration[];
};

export type PluginConfiguration = JsonObject & { readonly type: string };

/** Newest first. */
const RUNTIME_VERSIONS = ['1.1.0', '1.0.0', '0.4.0'] as const;

/** containerd's words where no usable configuration is there. */
const NOT_INITIALIZED = 'cni plugin not initialized';

/** Configuration files of a node in the order libcni reads them (libcni/conf.go, ConfFiles: sorted by name). */
export async function listConfigurationFiles(machine: Machine): Promise<readonly string[]> {
  const names = await readdir(join(machine.holder.root, CONFIGURATION_DIRECTORY)).catch(() => []);
  return names.filter((name) => /\.(conf|conflist|json)$/.test(name) && !name.startsWith('.')).sort();
}

/**
 * Loads the first file in lexical order and checks that every executable it names is there. Nothing is executed.
 * The error is what the runtime tells the kubelet.
 */
export async function loadNetworkConfiguration(machine: Machine): Promise<Result<NetworkConfiguration, string>> {
  const [file] = await listConfigurationFiles(machine);
  if (file === undefined) return fail(NOT_INITIALIZED);
  const text = await readFile(join(machine.holder.root, CONFIGURATION_DIRECTORY, file), 'utf8').catch(() => '');
  const configuration = parseNetworkConfiguration(file, text);
  if (!configuration.ok) return fail(NOT_INITIALIZED);
  for (const plugin of configuration.value.plugins) {
    if (!(await isExecutable(join(machine.holder.root, PLUGIN_DIRECTORY, plugin.type)))) return fail(NOT_INITIALIZED);
  }
  return configuration;
}

/** Turns a file of /etc/cni/net.d into a configuration list (SPEC 1.1.0, section 1). */
export function parseNetworkConfiguration(file: string, text: string): Result<NetworkConfiguration, string> {
  let value: JsonValue;
  try {
    value = JSON.parse(text) as JsonValue;
  } catch (error) {
    return fail(`${file}: ${(error as Error).message}`);
  }
  if (!isObject(value)) return fail(`${file}: not an object`);
  const { name, plugins } = value;
  if (typeof name !== 'string' || name === '') return fail(`${file}: no name`);
  const list = Array.isArray(plugins) ? (plugins as readonly JsonValue[]) : [value];
  if (list.length === 0 || !list.every(isPlugin)) return fail(`${file}: every plugin needs a type`);
  return succeed({ file, name, cniVersion: chooseVersion(value), plugins: list });
}

/** The newest of `cniVersions` that this runtime speaks, or else `cniVersion` (SPEC 1.1.0, section 1; libcni/conf.go). */
function chooseVersion({ cniVersion, cniVersions }: JsonObject): string {
  const offered = Array.isArray(cniVersions) ? (cniVersions as readonly JsonValue[]) : [];
  const chosen = RUNTIME_VERSIONS.find((version) => offered.includes(version));
  return chosen ?? (typeof cniVersion === 'string' ? cniVersion : '0.1.0');
}

function isObject(value: JsonValue): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isPlugin(value: JsonValue): value is PluginConfiguration {
  return isObject(value) && typeof value.type === 'string' && /^[^/]+$/.test(value.type);
}

async function isExecutable(path: string): Promise<boolean> {
  const found = await stat(path).catch(() => undefined);
  return found?.isFile() === true && (found.mode & 0o111) !== 0;
}
