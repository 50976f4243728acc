import type { JsonObject } from '#model/json.ts';
import { EXECUTABLE, type KernelWorld } from './kernel-world.ts';

/** Debian's containernetworking-plugins. */
const REFERENCE_DIRECTORY = '/usr/lib/cni';

/** Inside the test's own world, where the file of the network may be looked for. */
export const CONFIGURATION_DIRECTORY = '/run/net.d';

export type NetworkList = {
  readonly cniVersion: string;
  readonly name: string;
  readonly plugins: readonly (JsonObject & { readonly type: string })[];
};

/** libcni's RuntimeConf. `netns` is a name under /run/netns, empty where it is gone. */
export type ChainAttachment = {
  readonly containerId: string;
  readonly netns: string;
  readonly args?: string;
  /** By capability; each reaches the plugins that declare it. */
  readonly capabilities?: JsonObject;
  /** PATH by plugin, for one that is to find other programs than the test does. */
  readonly searchPaths?: Readonly<Record<string, string>>;
};

type Call = { readonly attachment: ChainAttachment; readonly prevResult: JsonObject | undefined };

/**
 * Runs the real executables of a network one after the other, as libcni does (libcni/api.go): each gets the list's name
 * and version and the result of the one before, DEL goes backwards with the cached result.
 */
export class PluginChain {
  readonly #world: KernelWorld;
  readonly #list: NetworkList;
  readonly #results = new Map<string, JsonObject>();

  constructor(world: KernelWorld, list: NetworkList) {
    this.#world = world;
    this.#list = list;
  }

  /** @throws what libcni would answer: the first plugin that fails, with its words */
  add(attachment: ChainAttachment): JsonObject {
    let result: JsonObject | undefined;
    for (const plugin of this.#list.plugins) {
      result = JSON.parse(this.#invoke('ADD', plugin, { attachment, prevResult: result })) as JsonObject;
    }
    this.#results.set(attachment.containerId, result ?? {});
    return result ?? {};
  }

  check(attachment: ChainAttachment): void {
    const prevResult = this.#results.get(attachment.containerId);
    for (const plugin of this.#list.plugins) this.#invoke('CHECK', plugin, { attachment, prevResult });
  }

  delete(attachment: ChainAttachment): void {
    const prevResult = this.#results.get(attachment.containerId);
    for (const plugin of this.#list.plugins.toReversed()) this.#invoke('DEL', plugin, { attachment, prevResult });
    this.#results.delete(attachment.containerId);
  }

  #invoke(command: string, plugin: NetworkList['plugins'][number], { attachment, prevResult }: Call): string {
    const path = plugin.type === 'podwire' ? EXECUTABLE : `${REFERENCE_DIRECTORY}/${plugin.type}`;
    const { name, cniVersion } = this.#list;
    const runtimeConfig = Object.fromEntries(
      Object.entries(attachment.capabilities ?? {}).filter(
        ([capability]) => (plugin.capabilities as JsonObject | undefined)?.[capability] === true,
      ),
    );
    const input = {
      ...plugin,
      name,
      cniVersion,
      ...(Object.keys(runtimeConfig).length === 0 ? {} : { runtimeConfig }),
      ...(prevResult === undefined ? {} : { prevResult }),
    };
    const searchPath = attachment.searchPaths?.[plugin.type];
    const words = searchPath === undefined ? [path] : ['env', `PATH=${searchPath}`, path];
    const { exitCode, stdout, stderr } = this.#world.try(words, JSON.stringify(input), {
      CNI_COMMAND: command,
      CNI_CONTAINERID: attachment.containerId,
      CNI_NETNS: attachment.netns === '' ? '' : `/run/netns/${attachment.netns}`,
      CNI_IFNAME: 'eth0',
      CNI_ARGS: attachment.args ?? '',
      CNI_PATH: REFERENCE_DIRECTORY,
      PODWIRE_CONF_DIR: CONFIGURATION_DIRECTORY,
    });
    if (exitCode === 0) return stdout;
    throw new Error(`plugin type="${plugin.type}" failed (${command}): ${stdout}${stderr}`);
  }
}
