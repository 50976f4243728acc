import type { spawnSync as SpawnSync } from 'node:child_process';
import type { JsonObject, JsonValue } from '#model/json.ts';
import { nodeFs } from '#plugin/netlink/node-fs.ts';
import { CNI_ERROR_CODE, CniFailure } from './cni-failure.ts';
import { SUPPORTED_CNI_VERSIONS } from './cni-version.ts';
import type { InvocationContext } from './invocation-context.ts';
import type { CniCommand } from './parse-environment.ts';
import { isJsonObject, readText } from './read-key.ts';

export type IpamCall = {
  readonly plugin: string;
  /** Absolute path of its executable. */
  readonly path: string;
  readonly command: CniCommand;
};

/**
 * Finds a plugin's executable as libcni does it: the first directory of CNI_PATH that has one.
 * @throws CniFailure of code 4 without CNI_PATH, of code 107 where no directory has it, of code 7 where it is us
 */
export function findIpamPlugin({ environment }: InvocationContext, plugin: string): string {
  if (environment.path === undefined) {
    throw new CniFailure(`CNI_PATH is missing, where the IPAM plugin ${plugin} would be found`, {
      code: CNI_ERROR_CODE.environmentInvalid,
    });
  }
  const directories = environment.path.split(':').filter((directory) => directory !== '');
  const found = directories.map((directory) => `${directory}/${plugin}`).find(isExecutableFile);
  if (found !== undefined) {
    requireOther(found);
    return found;
  }
  throw new CniFailure(
    `IPAM plugin ${plugin} is in no directory of CNI_PATH ${environment.path}: install it there or change ipam.type`,
    { code: CNI_ERROR_CODE.ipamFailed },
  );
}

/** Under another name we would run ourselves as our own IPAM plugin, and that one would do the same. */
function requireOther(path: string): void {
  const [own, other] = [nodeFs().statSync('/proc/self/exe'), nodeFs().statSync(path)];
  if (own.dev !== other.dev || own.ino !== other.ino) return;
  throw new CniFailure(`IPAM plugin ${path} is Podwire itself: its own addresses need no ipam.type, or "podwire"`, {
    code: CNI_ERROR_CODE.configurationInvalid,
  });
}

function isExecutableFile(path: string): boolean {
  try {
    const { accessSync, constants, statSync } = nodeFs();
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    return false;
  }
}

/**
 * Runs an IPAM plugin with our own environment and the whole configuration on stdin (CNI specification, section
 * "Delegated plugin execution"). One that does not speak the configuration's version gets it once more in the newest
 * version both speak: the runtime agreed on a version with us, and knows nothing of the plugin behind us.
 * @returns what it printed, empty where that was nothing
 * @throws CniFailure with the plugin's own code and a message that names it; of code 107 where it died without an answer
 */
export function executeIpamPlugin(context: InvocationContext, call: IpamCall): JsonObject {
  const { text, configuration, cniVersion } = context.input;
  try {
    return runOnce(context, call, text);
  } catch (error) {
    if (!(error instanceof CniFailure && error.code === CNI_ERROR_CODE.versionIncompatible)) throw error;
    const version = findCommonVersion(context, call);
    if (version === undefined || version === cniVersion) throw error;
    return runOnce(context, call, JSON.stringify({ ...configuration, cniVersion: version }));
  }
}

function findCommonVersion(context: InvocationContext, call: IpamCall): string | undefined {
  const { cniVersion } = context.input;
  const answer = runOnce(context, { ...call, command: 'VERSION' }, JSON.stringify({ cniVersion }));
  const spoken = answer.supportedVersions;
  return Array.isArray(spoken) ? SUPPORTED_CNI_VERSIONS.findLast((version) => spoken.includes(version)) : undefined;
}

function runOnce(context: InvocationContext, { plugin, path, command }: IpamCall, input: string): JsonObject {
  // Loaded when needed: a pod whose addresses we give ourselves does not pay for it.
  const { spawnSync } = process.getBuiltinModule('node:child_process') as { spawnSync: typeof SpawnSync };
  const env = Object.assign({}, context.variables, { CNI_COMMAND: command }) as unknown as NodeJS.ProcessEnv;
  const outcome = spawnSync(path, [], {
    input,
    encoding: 'utf8',
    env,
    timeout: chooseTimeout(context, command),
    killSignal: 'SIGKILL',
  });
  const { error, status, signal, stdout, stderr } = outcome;
  const code = (error as NodeJS.ErrnoException | undefined)?.code;
  if (code === 'ETIMEDOUT') {
    throw new CniFailure(`IPAM plugin ${plugin} did not finish ${command} in time (deadlineMs) and was killed`, {
      code: CNI_ERROR_CODE.tryAgainLater,
    });
  }
  const answer = parseAnswer(stdout ?? '');
  if (error === undefined && status === 0 && answer !== undefined) return answer;
  throw describeFailure(answer, {
    plugin,
    reason: error?.message ?? (signal ? `was ended by ${signal}` : `exited with ${status}`),
    stderr: (stderr ?? '').trim(),
  });
}

/** A DEL that hangs must leave time to take the pod away all the same. */
function chooseTimeout({ deadline }: InvocationContext, command: CniCommand): number {
  const remainingMs = deadline.remainingMs();
  return command === 'DEL' ? Math.ceil(remainingMs / 2) : remainingMs;
}

/** @returns undefined where it is no JSON object */
function parseAnswer(stdout: string): JsonObject | undefined {
  if (stdout.trim() === '') return {};
  try {
    const value = JSON.parse(stdout) as JsonValue;
    return isJsonObject(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

type Ending = { readonly plugin: string; readonly reason: string; readonly stderr: string };

function describeFailure(answer: JsonObject | undefined, { plugin, reason, stderr }: Ending): CniFailure {
  if (typeof answer?.code === 'number') {
    return new CniFailure(`IPAM plugin ${plugin}: ${answer.msg}`, {
      code: answer.code,
      details: readText(answer, 'details'),
    });
  }
  return new CniFailure(`IPAM plugin ${plugin} ${reason} and printed no error object`, {
    code: CNI_ERROR_CODE.ipamFailed,
    details: stderr === '' ? undefined : stderr,
  });
}
