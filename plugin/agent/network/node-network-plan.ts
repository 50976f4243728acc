import type { Finding } from '#model/findings/finding.ts';
import type { AddressFamily, IpAddress, IpPrefix } from '#plugin/network/ip-address.ts';
import type { RulesDemand } from '#plugin/network/list-rules.ts';
import type { Backend } from './network-settings.ts';

/** A subnet that one of the node's links is in, pods' bridge and overlay left out. */
export type LocalSubnet = {
  /** With the node's own address in it. */
  readonly prefix: IpPrefix;
  readonly linkName: string;
  readonly mtuBytes: number;
};

export type PlanSettings = {
  readonly backend: Backend;
  readonly vxlan: { readonly id: number; readonly port: number };
  readonly clusterCidrs: readonly string[];
  readonly mtuBytes: number | undefined;
};

/** A route to the pods of another node. */
export type PlannedRoute = {
  readonly destination: IpPrefix;
  readonly gateway: IpAddress;
  readonly linkName: string;
  /** Over the overlay, where no address says that the gateway is a neighbour. */
  readonly isOnLink: boolean;
};

/** Another node at the far end of the overlay. */
export type OverlayPeer = {
  readonly mac: string;
  /** Where its packets go: the node's own address. */
  readonly remote: IpAddress;
  /** Its gateways on the overlay, one per podCIDR. */
  readonly gateways: readonly IpAddress[];
};

export type PlannedOverlay = {
  readonly linkName: string;
  readonly id: number;
  readonly port: number;
  readonly local: IpAddress;
  readonly mac: string;
  readonly mtuBytes: number;
  /** The node's own address towards other nodes' pods, one per podCIDR. */
  readonly addresses: readonly IpPrefix[];
  readonly peers: readonly OverlayPeer[];
};

/** A finding before it is known since when. */
export type FoundProblem = Omit<Finding, 'since'>;

/** All that the node's pod network needs, and what stands against it. */
export type NodeNetworkPlan = {
  /** False where nothing is known of the own node: then everything stays as it is. */
  readonly isOwnNodeKnown: boolean;
  /** Undefined where it cannot be told: what is there stays. */
  readonly configurationText: string | undefined;
  readonly rules: RulesDemand | undefined;
  readonly forwarding: readonly AddressFamily[];
  readonly routes: readonly PlannedRoute[];
  readonly overlay: PlannedOverlay | undefined;
  readonly findings: readonly FoundProblem[];
};
