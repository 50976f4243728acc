import { hostname } from 'node:os';
import { fail, type Result, succeed } from '#model/result.ts';

/** What `podwire agent` is told by its environment. */
export interface AgentSettings {
  readonly node: string;
  /** Holds `journal/` (the plugin's) and `agent/` (ours). */
  readonly stateFolder: string;
  readonly collector: CollectorAddress;
}

/** Where batches go: `unixSocket` is set where the collector listens on a socket file. */
export interface CollectorAddress {
  readonly baseUrl: string;
  readonly unixSocket?: string;
}

type Environment = Readonly<Record<string, string | undefined>>;

/** The node's name: Kubernetes' own name for it is passed in, its host name is the usual one. */
export function nameNode(env: Environment): string {
  return env.PODWIRE_NODE || hostname();
}

/** @returns the settings, or a line for the person who starts the agent */
export function parseAgentSettings(env: Environment): Result<AgentSettings, string> {
  const collector = parseCollectorAddress(env.PODWIRE_COLLECTOR ?? '');
  if (!collector.ok) return collector;
  return succeed({
    node: nameNode(env),
    stateFolder: env.PODWIRE_STATE || '/var/lib/podwire',
    collector: collector.value,
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
