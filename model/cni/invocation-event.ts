import { z } from 'zod';
import { TRACEPARENT } from './trace-context.ts';

/** One CNI invocation as the plugin journals it: a CloudEvents 1.0 envelope around what went in and what came out. */

export const CniVerb = z.enum(['ADD', 'DEL', 'CHECK', 'GC', 'STATUS', 'VERSION']);
export type CniVerb = z.infer<typeof CniVerb>;

export const PluginMode = z.enum(['bridge', 'tap']);
export type PluginMode = z.infer<typeof PluginMode>;

export const InvocationStep = z.object({
  /** A stable word: config.parse, ipam.reserve, bridge.ensure, veth.create, address.add, route.add, rules.ensure, … */
  name: z.string(),
  /** The `ip`, `nft` or `iptables` line that does the same by hand. */
  command: z.string().optional(),
  /** What the step acted on: a link name, an address, a file. */
  object: z.string().optional(),
  /** From the start of the invocation. */
  startUs: z.int().nonnegative(),
  durationUs: z.int().nonnegative(),
  outcome: z.enum(['ok', 'error']),
  error: z.string().optional(),
  /** True where a later failure made the plugin take this step back. */
  undone: z.boolean().optional(),
});
export type InvocationStep = z.infer<typeof InvocationStep>;

export const CniError = z.object({ code: z.int(), msg: z.string(), details: z.string().optional() });
export type CniError = z.infer<typeof CniError>;

/** The file of the network's configuration as it was when the invocation ended, where one can be told. */
export const InvocationConfig = z.object({
  path: z.string(),
  /** `sha256:` and 64 hex digits, of the file's bytes. */
  digest: z.string(),
  /** The whole chain in its order, secrets masked; absent where the file is large. */
  plugins: z.array(z.json()).optional(),
});
export type InvocationConfig = z.infer<typeof InvocationConfig>;

export const Invocation = z.object({
  verb: CniVerb,
  /** bridge: wired by Podwire. tap: last in another plugin's chain, whose result it passed on. */
  mode: PluginMode,
  network: z.string().optional(),
  cniVersion: z.string().optional(),
  pluginVersion: z.string(),
  env: z.object({
    containerId: z.string().optional(),
    netns: z.string().optional(),
    ifName: z.string().optional(),
    /** CNI_ARGS, split at `;` and `=`. */
    args: z.record(z.string(), z.string()).optional(),
    path: z.string().optional(),
  }),
  /** Nsfs inode of CNI_NETNS at the time of the invocation, the strongest evidence for the join. */
  netnsId: z.string().optional(),
  pod: z.object({ namespace: z.string(), name: z.string(), uid: z.string().optional() }).optional(),
  /** The configuration as received, values of keys that look like secrets masked. A string where it was no JSON. */
  stdin: z.json().optional(),
  outcome: z.enum(['ok', 'error']),
  exitCode: z.int(),
  /** Parsed from exactly what was printed. */
  result: z.json().optional(),
  error: CniError.optional(),
  /** Of a failed STATUS: how many the same came before it within the last minute, of which there is no event. */
  repeats: z.int().positive().optional(),
  /** RFC 3339 with microseconds. */
  startedAt: z.string(),
  durationUs: z.int().nonnegative(),
  steps: z.array(InvocationStep),
  config: InvocationConfig.optional(),
});
export type Invocation = z.infer<typeof Invocation>;

export const InvocationEvent = z.object({
  specversion: z.literal('1.0'),
  /** UUIDv7 */
  id: z.string(),
  /** `/nodes/<node>/plugin` */
  source: z.string(),
  type: z.literal('io.podwire.cni.invocation.v1'),
  time: z.string(),
  /** `<namespace>/<pod>` */
  subject: z.string().optional(),
  datacontenttype: z.literal('application/json'),
  /** CloudEvents distributed tracing extension: the span of the caller, from its environment. */
  traceparent: z.string().regex(TRACEPARENT).optional(),
  tracestate: z.string().optional(),
  data: Invocation,
});
export type InvocationEvent = z.infer<typeof InvocationEvent>;
