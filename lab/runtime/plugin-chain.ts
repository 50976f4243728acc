import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { JsonObject, JsonValue } from '#model/json.ts';
import { fail, type Result, succeed } from '#model/result.ts';
import { type Machine, PLUGIN_DIRECTORY } from '../machine/boot-machine.ts';
import { runCommand } from '../run-command.ts';
import type { NetworkConfiguration, PluginConfiguration } from './network-configuration.ts';

/** One attachment as libcni's RuntimeConf has it. */
export type Attachment = {
  readonly containerId: string;
  /** Empty: the namespace is gone. */
  readonly netns: string;
  readonly ifName: string;
  readonly args: readonly (readonly [key: string, value: string])[];
  /** By capability name, e.g. `portMappings`. Only what a plugin declares reaches it. */
  readonly capabilities: JsonObject;
};

type Invocation = {
  readonly verb: 'ADD' | 'DEL';
  readonly network: NetworkConfiguration;
  readonly plugin: PluginConfiguration;
  readonly attachment: Attachment;
  readonly prevResult?: JsonValue | undefined;
};

const CACHE_DIRECTORY = '/var/lib/cni/results';
/** The kubelet gives a sandbox four minutes; a plugin that hangs is ended well before. */
const PLUGIN_TIMEOUT_MS = 120_000;

/** Runs ADD through the whole chain and caches the result. The error is libcni's sentence. */
export async function addAttachment(
  machine: Machine,
  network: NetworkConfiguration,
  attachment: Attachment,
): Promise<Result<JsonObject, string>> {
  let result: JsonValue | undefined;
  for (const plugin of network.plugins) {
    const answer = await invokePlugin(machine, { verb: 'ADD', network, plugin, attachment, prevResult: result });
    if (!answer.ok) return answer;
    result = answer.value;
  }
  await writeCache(machine, { network, attachment, result });
  return succeed(result as JsonObject);
}

/** Runs DEL through the chain backwards. prevResult is the cached result, if there still is one. */
export async function deleteAttachment(
  machine: Machine,
  network: NetworkConfiguration,
  attachment: Attachment,
): Promise<Result<undefined, string>> {
  const prevResult = await readCache(machine, network, attachment);
  for (const plugin of network.plugins.toReversed()) {
    const answer = await invokePlugin(machine, { verb: 'DEL', network, plugin, attachment, prevResult });
    if (!answer.ok) return answer;
  }
  await rm(cachePath(machine, network, attachment), { force: true });
  return succeed(undefined);
}

/** Executes one plugin as libcni does: SPEC 1.1.0, section 2 (environment) and section 3 (derived configuration). */
async function invokePlugin(machine: Machine, call: Invocation): Promise<Result<JsonValue | undefined, string>> {
  const { verb, plugin, attachment } = call;
  const env = {
    PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
    CNI_COMMAND: verb,
    CNI_CONTAINERID: attachment.containerId,
    CNI_NETNS: attachment.netns,
    CNI_IFNAME: attachment.ifName,
    CNI_PATH: PLUGIN_DIRECTORY,
    CNI_ARGS: attachment.args.map(([key, value]) => `${key}=${value}`).join(';'),
  };
  const stdin = JSON.stringify(deriveConfiguration(call));
  const command = [...machine.holder.enter, `${PLUGIN_DIRECTORY}/${plugin.type}`];
  const outcome = await runCommand(command, { stdin, env, timeoutMs: PLUGIN_TIMEOUT_MS });
  if (outcome.exitCode === 0) {
    if (verb === 'DEL') return succeed(undefined);
    try {
      return succeed(JSON.parse(outcome.stdout) as JsonValue);
    } catch {
      return fail(`plugin type="${plugin.type}" failed (add): the result is no JSON`);
    }
  }
  return fail(`plugin type="${plugin.type}" failed (${verb.toLowerCase()}): ${describeFailure(outcome)}`);
}

/** The configuration one plugin reads on stdin. */
export function deriveConfiguration(call: Omit<Invocation, 'verb'>): JsonObject {
  const wanted = call.plugin.capabilities;
  const declared = typeof wanted === 'object' && wanted !== null ? (wanted as JsonObject) : {};
  const runtimeConfig = Object.fromEntries(
    Object.entries(call.attachment.capabilities).filter(([name]) => declared[name] === true),
  );
  return {
    ...call.plugin,
    name: call.network.name,
    cniVersion: call.network.cniVersion,
    ...(Object.keys(runtimeConfig).length === 0 ? {} : { runtimeConfig }),
    ...(call.prevResult === undefined ? {} : { prevResult: call.prevResult }),
  };
}

/** What libcni makes of a failed plugin (pkg/invoke/raw_exec.go, pluginErr). */
function describeFailure(outcome: {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}): string {
  try {
    const error = JSON.parse(outcome.stdout) as { readonly msg?: string; readonly details?: string };
    if (typeof error.msg === 'string') return error.details ? `${error.msg}; ${error.details}` : error.msg;
  } catch {
    // Not the specification's error object: the next lines say what there is.
  }
  const said = `${outcome.stdout}${outcome.stderr}`.trim();
  return said === ''
    ? `netplugin failed with no error message: exit status ${outcome.exitCode}`
    : `netplugin failed: "${said}"`;
}

function cachePath(machine: Machine, network: NetworkConfiguration, attachment: Attachment): string {
  const name = `${network.name}-${attachment.containerId}-${attachment.ifName}`;
  return join(machine.holder.root, CACHE_DIRECTORY, name);
}

type CacheEntry = {
  readonly network: NetworkConfiguration;
  readonly attachment: Attachment;
  readonly result: JsonValue | undefined;
};

/** libcni/api.go, cachedInfo. */
async function writeCache(machine: Machine, { network, attachment, result }: CacheEntry): Promise<void> {
  await mkdir(join(machine.holder.root, CACHE_DIRECTORY), { recursive: true });
  const entry = {
    kind: 'cniCacheV1',
    containerId: attachment.containerId,
    config: Buffer.from(JSON.stringify(network)).toString('base64'),
    ifName: attachment.ifName,
    networkName: network.name,
    netns: attachment.netns,
    cniArgs: attachment.args,
    capabilityArgs: attachment.capabilities,
    result,
  };
  await writeFile(cachePath(machine, network, attachment), JSON.stringify(entry));
}

async function readCache(
  machine: Machine,
  network: NetworkConfiguration,
  attachment: Attachment,
): Promise<JsonValue | undefined> {
  const text = await readFile(cachePath(machine, network, attachment), 'utf8').catch(() => undefined);
  return text === undefined ? undefined : (JSON.parse(text) as { readonly result?: JsonValue }).result;
}
