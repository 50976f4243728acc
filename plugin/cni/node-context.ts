import { readFileSync } from 'node:fs';
import type { JsonObject } from '#model/json.ts';
import { ReservationStore } from '#plugin/ipam/reservation-store.ts';
import { openOwnNamespace } from '#plugin/netlink/network-namespace.ts';
import type { Deadline } from './deadline.ts';
import { looselyReadIpamPlugin } from './parse-ipam-configuration.ts';
import { isJsonObject, readKey } from './read-key.ts';

/** Where the plugin keeps its things on this node. */
export type NodeContext = {
  /** PODWIRE_NODE, by default the host name. */
  readonly node: string;
  /** PODWIRE_STATE: outlives a restart of the node. */
  readonly stateDirectory: string;
  /** PODWIRE_RUN: does not. */
  readonly runDirectory: string;
  /** PODWIRE_CONF_DIR: where the runtime finds its networks. Only read, and only for the journal. */
  readonly configurationDirectory: string;
};

export const DEFAULT_STATE_DIRECTORY = '/var/lib/podwire';
export const DEFAULT_RUN_DIRECTORY = '/run/podwire';
export const DEFAULT_CONFIGURATION_DIRECTORY = '/etc/cni/net.d';

export function readNodeContext(variables: Readonly<Record<string, string | undefined>>): NodeContext {
  return {
    node: variables.PODWIRE_NODE || readHostName(),
    stateDirectory: variables.PODWIRE_STATE || DEFAULT_STATE_DIRECTORY,
    runDirectory: variables.PODWIRE_RUN || DEFAULT_RUN_DIRECTORY,
    configurationDirectory: variables.PODWIRE_CONF_DIR || DEFAULT_CONFIGURATION_DIRECTORY,
  };
}

/** Not `hostname` of node:os, whose loading alone costs half a millisecond. */
function readHostName(): string {
  return readFileSync('/proc/sys/kernel/hostname', 'utf8').trim();
}

/** The boot, and the namespace that holds the node's links: several nodes of a lab share one kernel. */
export function readBootId(): string {
  using namespace = openOwnNamespace();
  return `${readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()}/${namespace.id}`;
}

export type StoreContext = {
  readonly node: NodeContext;
  readonly network: string;
  readonly bootId: string;
  readonly deadline: Deadline;
  /** RFC 3339 */
  readonly startedAt: string;
  readonly configuration: JsonObject;
};

/** Of host-local, where the network's `ipam.dataDir` names no other. */
const DEFAULT_HOST_LOCAL_DIRECTORY = '/var/lib/cni/networks';

/** The store of a network, there or not. What host-local has is taken over where Podwire gives the addresses from now on. */
export function openReservationStore({ node, network, configuration, ...rest }: StoreContext): ReservationStore {
  const { bootId, startedAt, deadline } = rest;
  const isDelegated = looselyReadIpamPlugin(configuration) !== undefined;
  return new ReservationStore({
    directory: `${node.stateDirectory}/ipam/${network}`,
    bootId,
    startedAt,
    hostLocalDirectory: isDelegated ? undefined : `${readHostLocalDirectory(configuration)}/${network}`,
    lockTimeoutMs: () => deadline.remainingMs(),
  });
}

/** DEL and GC must not fail over it. */
function readHostLocalDirectory(configuration: JsonObject): string {
  const ipam = readKey(configuration, 'ipam');
  const dataDir = isJsonObject(ipam) ? readKey(ipam, 'dataDir') : undefined;
  return typeof dataDir === 'string' && dataDir !== '' ? dataDir : DEFAULT_HOST_LOCAL_DIRECTORY;
}
