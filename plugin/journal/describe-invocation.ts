import type {
  CniError,
  CniVerb,
  Invocation,
  InvocationConfig,
  InvocationEvent,
  InvocationStep,
  PluginMode,
} from '#model/cni/invocation-event.ts';
import { parseTraceContext } from '#model/cni/trace-context.ts';
import type { JsonValue } from '#model/json.ts';
import { cutAtSecret, maskSecrets } from './mask-secrets.ts';
import { formatUuidV7 } from './uuid-v7.ts';

/** Everything that went in and came out of one run, as it was. */
export type FinishedInvocation = {
  readonly verb: CniVerb;
  readonly mode: PluginMode;
  readonly variables: Readonly<Record<string, string | undefined>>;
  /** CNI_ARGS, split. */
  readonly args: Readonly<Record<string, string>>;
  /** Undefined where stdin could not be read. */
  readonly input: string | undefined;
  /** Exactly what was printed, empty where nothing was. */
  readonly output: string;
  readonly exitCode: number;
  readonly error: CniError | undefined;
  /** How many the same before it have no event. */
  readonly repeats?: number;
  readonly netnsId: string | undefined;
  readonly steps: readonly InvocationStep[];
  readonly config: InvocationConfig | undefined;
  /** Milliseconds since 1970, with a fraction. */
  readonly startedAtMs: number;
  readonly durationUs: number;
};

export type EventOrigin = {
  readonly node: string;
  readonly pluginVersion: string;
  /** 10 random bytes */
  readonly random: Uint8Array;
};

/** Makes the journal's record of one run. Pure: time and randomness come in. */
export function describeInvocation(finished: FinishedInvocation, origin: EventOrigin): InvocationEvent {
  const data = describeData(finished, origin.pluginVersion);
  return {
    specversion: '1.0',
    id: formatUuidV7(Math.floor(finished.startedAtMs), origin.random),
    source: `/nodes/${origin.node}/plugin`,
    type: 'io.podwire.cni.invocation.v1',
    time: data.startedAt,
    ...(data.pod === undefined ? {} : { subject: `${data.pod.namespace}/${data.pod.name}` }),
    datacontenttype: 'application/json',
    ...parseTraceContext(finished.variables.TRACEPARENT, finished.variables.TRACESTATE),
    data,
  };
}

function describeData(finished: FinishedInvocation, pluginVersion: string): Invocation {
  const { verb, mode, args, input, output, error, netnsId, config } = finished;
  const stdin = input === undefined || input === '' ? undefined : parseIfJson(shortenIfHuge(input));
  const pod = describePod(args);
  const result = output === '' || error !== undefined ? undefined : parseIfJson(output);
  return {
    verb,
    mode,
    ...describeNetwork(stdin),
    pluginVersion,
    env: describeVariables(finished),
    ...(netnsId === undefined ? {} : { netnsId }),
    ...(pod === undefined ? {} : { pod }),
    ...(stdin === undefined
      ? {}
      : { stdin: mutable(typeof stdin === 'string' ? cutAtSecret(stdin) : maskSecrets(stdin)) }),
    outcome: error === undefined ? 'ok' : 'error',
    exitCode: finished.exitCode,
    ...(result === undefined ? {} : { result: mutable(result) }),
    ...(error === undefined ? {} : { error }),
    ...(finished.repeats ? { repeats: finished.repeats } : {}),
    startedAt: formatTimestamp(finished.startedAtMs),
    durationUs: finished.durationUs,
    steps: [...finished.steps],
    ...(config === undefined ? {} : { config }),
  };
}

/** The schema's type of any JSON is the same, only not readonly. */
const mutable = (value: JsonValue) => value as NonNullable<Invocation['stdin']>;

/** A configuration with the result of a whole chain is a few KiB; beyond this no agent takes the line. */
const INPUT_LIMIT_CHARACTERS = 1024 * 1024;

function shortenIfHuge(input: string): string {
  if (input.length <= INPUT_LIMIT_CHARACTERS) return input;
  return `${input.slice(0, 1024)}… (${input.length} characters, the rest is left out)`;
}

function parseIfJson(text: string): JsonValue {
  try {
    return JSON.parse(text) as JsonValue;
  } catch {
    return text;
  }
}

function describeNetwork(stdin: JsonValue | undefined): Pick<Invocation, 'network' | 'cniVersion'> {
  if (typeof stdin !== 'object' || stdin === null || Array.isArray(stdin)) return {};
  const { name, cniVersion } = stdin as Readonly<Record<string, JsonValue>>;
  return {
    ...(typeof name === 'string' ? { network: name } : {}),
    ...(typeof cniVersion === 'string' ? { cniVersion } : {}),
  };
}

function describeVariables({ variables, args }: FinishedInvocation): Invocation['env'] {
  const { CNI_CONTAINERID, CNI_NETNS, CNI_IFNAME, CNI_PATH } = variables;
  return {
    ...(CNI_CONTAINERID ? { containerId: CNI_CONTAINERID } : {}),
    ...(CNI_NETNS ? { netns: CNI_NETNS } : {}),
    ...(CNI_IFNAME ? { ifName: CNI_IFNAME } : {}),
    ...(Object.keys(args).length === 0 ? {} : { args: maskSecrets(args) as typeof args }),
    ...(CNI_PATH ? { path: CNI_PATH } : {}),
  };
}

function describePod(args: Readonly<Record<string, string>>): Invocation['pod'] {
  const { K8S_POD_NAMESPACE: namespace, K8S_POD_NAME: name, K8S_POD_UID: uid } = args;
  if (!namespace || !name) return undefined;
  return { namespace, name, ...(uid ? { uid } : {}) };
}

/** RFC 3339 with microseconds, UTC. */
export function formatTimestamp(unixMs: number): string {
  const wholeMs = Math.floor(unixMs);
  const microseconds = Math.floor((unixMs - wholeMs) * 1000);
  return new Date(wholeMs).toISOString().replace('Z', `${String(microseconds).padStart(3, '0')}Z`);
}
