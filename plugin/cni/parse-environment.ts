import { isLinkName } from '#plugin/network/is-link-name.ts';
import { CNI_ERROR_CODE, CniFailure } from './cni-failure.ts';

export type CniCommand = 'ADD' | 'DEL' | 'CHECK' | 'GC' | 'STATUS' | 'VERSION';

/** The CNI_* variables, absent where empty. */
export type InvocationEnvironment = {
  readonly command: CniCommand;
  readonly containerId: string | undefined;
  readonly netns: string | undefined;
  readonly ifName: string | undefined;
  readonly args: Readonly<Record<string, string>>;
  readonly path: string | undefined;
  /** CNI_NETNS_OVERRIDE: the runtime means it when it gives the plugin's own namespace. */
  readonly isOwnNetnsAllowed: boolean;
};

type Variables = Readonly<Record<string, string | undefined>>;

/** CNI specification, section "Parameters": which command needs what. */
const REQUIRED: Readonly<Record<CniCommand, readonly string[]>> = {
  ADD: ['CNI_CONTAINERID', 'CNI_NETNS', 'CNI_IFNAME'],
  CHECK: ['CNI_CONTAINERID', 'CNI_NETNS', 'CNI_IFNAME'],
  DEL: ['CNI_CONTAINERID', 'CNI_IFNAME'],
  GC: ['CNI_PATH'],
  STATUS: [],
  VERSION: [],
};

/** Keys of CNI_ARGS that mean something here; others need IgnoreUnknown. */
const KNOWN_ARGS = new Set(['IgnoreUnknown', 'IP', 'MAC']);

const CONTAINER_ID = /^[a-zA-Z0-9][a-zA-Z0-9_.-]*$/;

const invalid = (message: string): CniFailure => new CniFailure(message, { code: CNI_ERROR_CODE.environmentInvalid });

/** @throws CniFailure of code 4 naming every variable that is missing, or the one that is wrong */
export function parseEnvironment(variables: Variables): InvocationEnvironment {
  const command = parseCommand(variables.CNI_COMMAND ?? '');
  const given = (name: string): string | undefined => variables[name] || undefined;
  const missing = REQUIRED[command].filter((name) => given(name) === undefined);
  if (missing.length > 0) throw invalid(`required environment variables are missing: ${missing.join(', ')}`);
  const containerId = given('CNI_CONTAINERID');
  const ifName = given('CNI_IFNAME');
  if (command !== 'VERSION' && command !== 'STATUS' && command !== 'GC') {
    if (containerId !== undefined && !CONTAINER_ID.test(containerId)) {
      throw invalid(`CNI_CONTAINERID ${JSON.stringify(containerId)} has characters that are not allowed`);
    }
    if (ifName !== undefined && !isLinkName(ifName)) {
      throw invalid(`CNI_IFNAME ${JSON.stringify(ifName)} is no name that a network interface can have`);
    }
  }
  return {
    command,
    containerId,
    netns: given('CNI_NETNS'),
    ifName,
    args:
      command === 'ADD' || command === 'CHECK'
        ? parseCniArgs(given('CNI_ARGS'))
        : looselyParseCniArgs(given('CNI_ARGS')),
    path: given('CNI_PATH'),
    isOwnNetnsAllowed: ['1', 'true'].includes((variables.CNI_NETNS_OVERRIDE ?? '').toLowerCase()),
  };
}

function parseCommand(text: string): CniCommand {
  if (Object.hasOwn(REQUIRED, text)) return text as CniCommand;
  throw invalid(`unknown CNI_COMMAND: ${text}`);
}

/**
 * `K8S_POD_NAME=busybox;IgnoreUnknown=1`, in any order.
 * @throws CniFailure of code 4 for a pair without `=`, or an unknown key without IgnoreUnknown
 */
function parseCniArgs(text: string | undefined): Readonly<Record<string, string>> {
  for (const pair of splitPairs(text)) {
    if (!/^[^=]+=[^=]*$/.test(pair)) throw invalid(`CNI_ARGS has the malformed pair ${JSON.stringify(pair)}`);
  }
  const args = looselyParseCniArgs(text);
  const unknown = Object.keys(args).filter((key) => !KNOWN_ARGS.has(key) && !key.startsWith('K8S_'));
  if (unknown.length > 0 && !['1', 'true'].includes((args.IgnoreUnknown ?? '').toLowerCase())) {
    throw invalid(`CNI_ARGS has unknown keys: ${unknown.join(', ')}`);
  }
  return args;
}

/** For the commands that must not fail over it, and for the journal. */
export function looselyParseCniArgs(text: string | undefined): Readonly<Record<string, string>> {
  return Object.fromEntries(
    splitPairs(text).map((pair) => {
      const at = pair.indexOf('=');
      return at < 0 ? [pair, ''] : [pair.slice(0, at), pair.slice(at + 1)];
    }),
  );
}

function splitPairs(text: string | undefined): readonly string[] {
  return (text ?? '').split(';').filter((pair) => pair !== '');
}
