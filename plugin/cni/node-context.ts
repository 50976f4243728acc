import { readFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { ReservationStore } from '#plugin/ipam/reservation-store.ts';
import { openOwnNamespace } from '#plugin/netlink/network-namespace.ts';

/** Where the plugin keeps its things on this node. */
export type NodeContext = {
  /** PODWIRE_NODE, by default the host name. */
  readonly node: string;
  /** PODWIRE_STATE: outlives a restart of the node. */
  readonly stateDirectory: string;
  /** PODWIRE_RUN: does not. */
  readonly runDirectory: string;
};

const DEFAULT_STATE_DIRECTORY = '/var/lib/podwire';
const DEFAULT_RUN_DIRECTORY = '/run/podwire';

/** The plugin's own deadline, well under the runtime's: a lock that is held longer than this fails the invocation. */
const LOCK_TIMEOUT_MS = 20_000;

export function readNodeContext(variables: Readonly<Record<string, string | undefined>>): NodeContext {
  return {
    node: variables.PODWIRE_NODE || hostname(),
    stateDirectory: variables.PODWIRE_STATE || DEFAULT_STATE_DIRECTORY,
    runDirectory: variables.PODWIRE_RUN || DEFAULT_RUN_DIRECTORY,
  };
}

/** The boot, and the namespace that holds the node's links: several nodes of a lab share one kernel. */
export function readBootId(): string {
  using namespace = openOwnNamespace();
  return `${readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()}/${namespace.id}`;
}

export function openReservationStore(context: NodeContext, network: string, bootId: string): ReservationStore {
  return new ReservationStore({
    directory: `${context.stateDirectory}/ipam/${network}`,
    bootId,
    lockTimeoutMs: LOCK_TIMEOUT_MS,
  });
}
