import { writeSync } from 'node:fs';
import { join } from 'node:path';
import { readConfigurationFile } from '#plugin/configuration/read-configuration-file.ts';
import { PLUGIN_VERSION } from '#plugin/version.ts';
import { chooseMode } from './choose-mode.ts';
import { describeOrder, listNetworkFiles } from './describe-order.ts';
import { InstallFailure } from './install-failure.ts';
import { type InstallOptions, parseInstallOptions } from './install-options.ts';
import { managementSwitchPath, setManaged } from './management-switch.ts';
import { placeFiles, removeFile, type WantedFile } from './place-files.ts';
import { purgeNetwork, recallBridgeNames } from './purge-network.ts';
import { purgeNode } from './purge-node.ts';
import { renderBridgeNetwork } from './render-bridge-network.ts';
import { isTapNetwork, makeTapNetwork } from './tap-network.ts';
import { USAGE } from './usage.ts';

export type InstallCommand = 'install' | 'uninstall' | 'help' | 'version';

type Call = { readonly words: readonly string[]; readonly variables: Readonly<Record<string, string | undefined>> };

const EXIT = { done: 0, failed: 1, wrongFlags: 2 } as const;
const DEFAULT_BRIDGE_NAME = '10-podwire.conflist';
/** Also where the file that this process was started from has been replaced meanwhile. */
const OWN_EXECUTABLE = '/proc/self/exe';

/** What is done on a node by hand or by an init container, not by a runtime. @returns the exit code */
export function runInstall(command: InstallCommand, { words, variables }: Call): number {
  if (command === 'help') return say(USAGE.trimEnd());
  if (command === 'version') return say(`podwire ${PLUGIN_VERSION}`);
  const options = parseInstallOptions(words, variables);
  if (!options.ok) return complain(options.error, EXIT.wrongFlags);
  try {
    return command === 'install' ? install(options.value) : uninstall(options.value);
  } catch (error) {
    if (error instanceof InstallFailure) return complain(error.message, EXIT.failed);
    throw error;
  }
}

/** The executable goes first: no runtime ever has a network whose plugin is not there. */
function install(options: InstallOptions): number {
  const network = makeNetwork(options);
  if (typeof network === 'string') return complain(network, EXIT.wrongFlags);
  const executable = {
    path: join(options.binDirectory, 'podwire'),
    mode: 0o755,
    content: { copyOf: OWN_EXECUTABLE },
  } as const;
  const files = network.file === undefined ? [executable] : [executable, network.file];
  for (const { path, isChanged } of placeFiles(files)) {
    say(`podwire: ${path}: ${isChanged ? 'written' : 'unchanged'}`);
  }
  if (setManaged(options.stateDirectory, true)) say('podwire: the agent keeps the pod network of this node again');
  if (network.file === undefined)
    say(`podwire: ${network.name} comes from the agent, when the cluster gives this node a range`);
  if (network.original !== undefined) say(`podwire: it taps ${network.original}, which stays as it is`);
  for (const line of describeOrder(options.confDirectory, network.name)) warn(line);
  return EXIT.done;
}

type Network = { readonly name: string; readonly file?: WantedFile; readonly original?: string };

function makeNetwork(options: InstallOptions): Network | string {
  const role = options.mode === 'auto' ? chooseMode(options.confDirectory) : options.mode;
  if (role === 'tap') {
    const { name, text, mode, original } = makeTapNetwork(options.confDirectory, options.confName);
    return { name, original, file: { path: join(options.confDirectory, name), mode, content: { text } } };
  }
  const name = options.confName ?? DEFAULT_BRIDGE_NAME;
  if (options.awaitsAgent) return { name };
  const network = renderBridgeNetwork(options);
  if (!network.ok) return network.error;
  const { text } = network.value;
  return { name, file: { path: join(options.confDirectory, name), mode: 0o644, content: { text } } };
}

/**
 * The executable stays unless it is told to go: pods that run still need it for their DEL. The agent is told first, or it would put
 * the network back.
 */
function uninstall(options: InstallOptions): number {
  const { confDirectory, confName = DEFAULT_BRIDGE_NAME, stateDirectory } = options;
  if (setManaged(stateDirectory, false)) {
    say(
      `podwire: ${managementSwitchPath(stateDirectory)}: written; an agent leaves the pod network alone while it is there`,
    );
  }
  const own = listOwnFiles(confDirectory, confName);
  if (own.length === 0) say(`podwire: ${confDirectory} has no network of podwire: unchanged`);
  for (const path of own) {
    removeFile(path);
    say(`podwire: ${path}: removed`);
  }
  const [first] = own.length === 0 ? [] : listNetworkFiles(confDirectory);
  if (own.length > 0) say(`podwire: the runtime’s first network is now ${first ?? 'none: new pods get no network'}`);
  if (options.isPurge) purge(options);
  else
    say(
      `podwire: ${join(options.binDirectory, 'podwire')} stays, for pods that it has wired; remove it when they are gone`,
    );
  return EXIT.done;
}

function purge(options: InstallOptions): void {
  const { runDirectory } = options;
  // Before the files go, which remember them.
  const bridgeNames = recallBridgeNames(runDirectory);
  const purged = purgeNode(options);
  if (typeof purged === 'number') {
    warn(`${purged} addresses are held by pods: executable and state stay; run this again when they are gone`);
    return;
  }
  for (const path of purged) say(`podwire: ${path}: removed`);
  const { commands, problems } = purgeNetwork(bridgeNames);
  for (const command of commands) say(`podwire: ${command}`);
  for (const problem of problems) warn(problem);
}

/** Taps under any name, and the bridge’s file where it is podwire’s. */
function listOwnFiles(directory: string, bridgeName: string): readonly string[] {
  return listNetworkFiles(directory).flatMap((name) => {
    const file = readConfigurationFile(join(directory, name));
    if (!file.ok) return [];
    const isBridge = name === bridgeName && file.value.plugins[0]?.type === 'podwire';
    return isTapNetwork(file.value) || isBridge ? [file.value.path] : [];
  });
}

function say(line: string): number {
  writeSync(1, `${line}\n`);
  return EXIT.done;
}

function warn(line: string): void {
  writeSync(2, `podwire: warning: ${line}\n`);
}

function complain(line: string, exitCode: number): number {
  writeSync(2, `podwire: ${line}\n`);
  return exitCode;
}
