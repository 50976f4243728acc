/** Every name and number of the lab's network. Nothing here is drawn by lot: two starts give the same pictures. */

export type NodePlan = {
  readonly name: string;
  readonly address: string;
  readonly macAddress: string;
  readonly podCidr: string;
  readonly isControlPlane: boolean;
  /** The node's port on the LAN's bridge. */
  readonly lanPort: string;
};

export const LAN_PREFIX_LENGTH = 24;
export const LAN_CIDR = '192.168.31.0/24';
export const ROUTER_ADDRESS = '192.168.31.1';
export const CLUSTER_CIDR = '10.240.0.0/16';
export const INTERNET_ADDRESSES = ['8.8.8.8', '1.1.1.1'] as const;

export const NODE_PLANS: readonly NodePlan[] = [
  planNode({ name: 'controlplane', hostNumber: 162, podCidr: '10.240.1.0/24', isControlPlane: true }),
  planNode({ name: 'k8s-node01', hostNumber: 163, podCidr: '10.240.2.0/24', isControlPlane: false }),
];

export type PodPlan = { readonly name: string; readonly node: string; readonly image: 'busybox' | 'nginx' };

export const POD_PLANS: readonly PodPlan[] = [
  { name: 'busybox', node: 'k8s-node01', image: 'busybox' },
  { name: 'nginx1', node: 'k8s-node01', image: 'nginx' },
  { name: 'nginx2', node: 'controlplane', image: 'nginx' },
];

function planNode(wanted: {
  readonly name: string;
  readonly hostNumber: number;
  readonly podCidr: string;
  readonly isControlPlane: boolean;
}): NodePlan {
  const address = `192.168.31.${wanted.hostNumber}`;
  return {
    name: wanted.name,
    address,
    macAddress: deriveMacAddress(address),
    podCidr: wanted.podCidr,
    isControlPlane: wanted.isControlPlane,
    lanPort: `lan-${wanted.hostNumber}`,
  };
}

/** A locally administered MAC that carries the IPv4 address in its last four bytes; `end` tells the ends of a wire apart. */
export function deriveMacAddress(ipv4: string, end: 0 | 1 = 0): string {
  const bytes = ipv4.split('.').map((part) => Number(part).toString(16).padStart(2, '0'));
  return `02:0${end}:${bytes.join(':')}`;
}
