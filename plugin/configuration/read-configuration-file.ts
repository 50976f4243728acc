import type { JsonObject, JsonValue } from '#model/json.ts';
import { fail, type Result, succeed } from '#model/result.ts';
import { nodeFs } from '#plugin/netlink/node-fs.ts';

/** A network configuration as it stands in a file; a single plugin's counts as a chain of one. */
export type ConfigurationFile = {
  readonly path: string;
  readonly text: string;
  readonly list: JsonObject;
  readonly name: string;
  readonly plugins: readonly PluginElement[];
};

export type PluginElement = JsonObject & { readonly type: string };

/** More than any configuration: reading one must stay cheap whatever lies in the directory. */
const LIMIT_BYTES = 1024 * 1024;

/**
 * Reads one file by the rules of SPEC 1.1.0, section 1: only a `.conflist` has `plugins`, the others are one plugin.
 * @returns the configuration, or what keeps a runtime from using it, path included
 */
export function readConfigurationFile(path: string): Result<ConfigurationFile, string> {
  let text: string;
  let list: JsonValue;
  try {
    text = readSmallFile(path);
    list = JSON.parse(text) as JsonValue;
  } catch (error) {
    return fail(`${path}: ${error instanceof Error ? error.message : String(error)}`);
  }
  if (!isObject(list)) return fail(`${path}: not a JSON object`);
  const { name } = list;
  if (typeof name !== 'string' || name === '') return fail(`${path}: no "name"`);
  const plugins = path.endsWith('.conflist') ? list.plugins : [list];
  if (!Array.isArray(plugins) || plugins.length === 0) return fail(`${path}: no "plugins"`);
  if (!plugins.every(isElement)) return fail(`${path}: a plugin without "type"`);
  return succeed({ path, text, list, name, plugins });
}

function isObject(value: JsonValue | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isElement(value: JsonValue): value is PluginElement {
  return isObject(value) && typeof value.type === 'string' && value.type !== '';
}

/** Non-blocking: a FIFO among the files would be waited for. */
function readSmallFile(path: string): string {
  const { closeSync, constants, fstatSync, openSync, readFileSync } = nodeFs();
  const fd = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  try {
    const status = fstatSync(fd);
    if (!status.isFile()) throw new Error('not a regular file');
    if (status.size > LIMIT_BYTES) throw new Error(`larger than ${LIMIT_BYTES} bytes`);
    return readFileSync(fd, 'utf8');
  } finally {
    closeSync(fd);
  }
}
