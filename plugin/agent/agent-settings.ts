import { isIP } from 'node:net';
import { hostname } from 'node:os';
import { fail, type Result, succeed } from '#model/result.ts';

/** What `podwire agent` is told by its environment. */
export interface AgentSettings {
  readonly node: string;
  /** Holds `journal/` (the plugin's) and `agent/` (ours). */
  readonly stateFolder: string;
  /** Holds the journal of a node whose disk is full, in memory. */
  readonly runFolder: string;
  /** A larger journal file is rotated. */
  readonly journalFileBytes: number;
  /** What the journal may take: beyond it the oldest file goes, shipped or not. */
  readonly journalTotalBytes: number;
  readonly collector: CollectorAddress;
  /** Where metrics and probes are answered; undefined where nobody asked for them. */
  readonly metrics: ListenAddress | undefined;
}

export interface ListenAddress {
  readonly host: string;
  readonly port: number;
}

/** Where batches go: `unixSocket` is set where the collector listens on a socket file, `tokenFile` where it asks for a token. */
export interface CollectorAddress {
  readonly baseUrl: string;
  readonly unixSocket?: string;
  /** Read anew for every request: kubelet renews it. */
  readonly tokenFile?: string;
}

type Environment = Readonly<Record<string, string | undefined>>;

const MIB = 1024 * 1024;

function parseByteCount(env: Environment, name: string, usual: number): Result<number, string> {
  const text = env[name] || String(usual);
  return /^[1-9]\d{0,14}$/.test(text)
    ? succeed(Number(text))
    : fail(`${name} must be a number of bytes, not "${text}"`);
}

/** The node's name: Kubernetes' own name for it is passed in, its host name is the usual one. */
export function nameNode(env: Environment): string {
  return env.PODWIRE_NODE || hostname();
}

/** @returns the settings, or a line for the person who starts the agent */
export function parseAgentSettings(env: Environment): Result<AgentSettings, string> {
  const collector = parseCollectorAddress(env.PODWIRE_COLLECTOR ?? '');
  if (!collector.ok) return collector;
  const journalFileBytes = parseByteCount(env, 'PODWIRE_JOURNAL_FILE_BYTES', 16 * MIB);
  if (!journalFileBytes.ok) return journalFileBytes;
  const journalTotalBytes = parseByteCount(env, 'PODWIRE_JOURNAL_TOTAL_BYTES', 256 * MIB);
  if (!journalTotalBytes.ok) return journalTotalBytes;
  const metrics = parseListenAddress(env.PODWIRE_METRICS_LISTEN || undefined);
  if (!metrics.ok) return metrics;
  return succeed({
    node: nameNode(env),
    stateFolder: env.PODWIRE_STATE || '/var/lib/podwire',
    runFolder: env.PODWIRE_RUN || '/run/podwire',
    journalFileBytes: journalFileBytes.value,
    journalTotalBytes: journalTotalBytes.value,
    collector: { ...collector.value, ...(env.PODWIRE_TOKEN_FILE && { tokenFile: env.PODWIRE_TOKEN_FILE }) },
    metrics: metrics.value,
  });
}

/** Reads `unix:/path/collector.sock` or `http://host:port`. */
export function parseCollectorAddress(text: string): Result<CollectorAddress, string> {
  if (text.startsWith('unix:/'))
    return succeed({ baseUrl: 'http://collector', unixSocket: text.slice('unix:'.length) });
  if (URL.canParse(text) && /^https?:$/.test(new URL(text).protocol)) {
    return succeed({ baseUrl: text.replace(/\/+$/, '') });
  }
  return fail(`PODWIRE_COLLECTOR must be unix:/path/to/socket or http://host:port, not "${text}"`);
}

/** Reads `127.0.0.1:7640` or `[::1]:7640`; port 0 lets the kernel choose. */
function parseListenAddress(text: string | undefined): Result<ListenAddress | undefined, string> {
  if (text === undefined) return succeed(undefined);
  const match = /^(?:\[([^\]]+)\]|([^:]+)):(\d{1,5})$/.exec(text);
  const host = match?.[1] ?? match?.[2] ?? '';
  const port = Number(match?.[3] ?? Number.NaN);
  if (isIP(host) !== 0 && port <= 65_535) return succeed({ host, port });
  return fail(`PODWIRE_METRICS_LISTEN must be an address and a port, as 127.0.0.1:7640, not "${text}"`);
}
