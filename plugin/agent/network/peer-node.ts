import {
  formatIpAddress,
  formatIpPrefix,
  networkPrefix,
  parseIpAddress,
  parseIpPrefix,
} from '#plugin/network/ip-address.ts';

/** What the pod network depends on of a Node of Kubernetes. */
export type PeerNode = {
  readonly name: string;
  /** `metadata.creationTimestamp`, RFC 3339 in UTC: comparable as text. */
  readonly createdAt: string;
  /** `10.240.1.0/24`, in canonical form. */
  readonly podCidrs: readonly string[];
  /** In canonical form and in the order in which the Node has them. */
  readonly internalIps: readonly string[];
};

/** A Node as it comes from the API; every field may be missing or of any kind. */
type NodeObject = {
  readonly metadata?: { readonly name?: unknown; readonly creationTimestamp?: unknown };
  readonly spec?: { readonly podCIDR?: unknown; readonly podCIDRs?: unknown };
  readonly status?: { readonly addresses?: unknown };
};

/** @returns undefined for what has no name; addresses that are none are left out */
export function parsePeerNode(value: unknown): PeerNode | undefined {
  const { metadata, spec, status } = (value ?? {}) as NodeObject;
  if (typeof metadata?.name !== 'string' || metadata.name === '') return undefined;
  const cidrs = listOf(spec?.podCIDRs);
  const addresses = listOf(status?.addresses) as readonly { readonly type?: unknown; readonly address?: unknown }[];
  return {
    name: metadata.name,
    createdAt: typeof metadata.creationTimestamp === 'string' ? metadata.creationTimestamp : '',
    podCidrs: (cidrs.length > 0 ? cidrs : [spec?.podCIDR])
      .map((text) => (typeof text === 'string' ? parseIpPrefix(text) : undefined))
      .filter((prefix) => prefix !== undefined)
      .map((prefix) => formatIpPrefix(networkPrefix(prefix))),
    internalIps: addresses
      .filter((entry) => entry?.type === 'InternalIP' && typeof entry.address === 'string')
      .map(({ address }) => parseIpAddress(address as string))
      .filter((address) => address !== undefined)
      .map(formatIpAddress),
  };
}

function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}
