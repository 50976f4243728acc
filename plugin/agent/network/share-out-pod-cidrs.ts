import { formatIpPrefix, type IpPrefix, networkPrefix, parseIpPrefix } from '#plugin/network/ip-address.ts';
import type { FoundProblem } from './node-network-plan.ts';
import type { PeerNode } from './peer-node.ts';

export type PodRange = { readonly node: PeerNode; readonly prefix: IpPrefix; readonly text: string };

/**
 * Whose pods each range belongs to. Where ranges of two nodes overlap, the own node keeps its own, and among others the node that
 * was there first: a newcomer takes no packets from pods that run.
 * @returns the ranges that stand, in the order of their nodes' names, and a finding for each that does not
 */
export function shareOutPodCidrs(
  nodes: readonly PeerNode[],
  ownName: string,
): { readonly ranges: readonly PodRange[]; readonly findings: readonly FoundProblem[] } {
  const rank = ({ name, createdAt }: PeerNode): string => (name === ownName ? '' : `${createdAt} ${name}`);
  const elders = nodes.toSorted((one, other) => compare(rank(one), rank(other)));
  const claims = elders.flatMap((node) => node.podCidrs.flatMap((text) => parseRange(node, text)));
  const standing = new RangeIndex(claims);
  const findings: FoundProblem[] = [];
  for (const claim of claims) {
    const rival = standing.findOverlap(claim);
    if (rival === undefined) standing.add(claim);
    else if (rival.node !== claim.node) findings.push(describeOverlap(rival, claim));
  }
  return { ranges: standing.ranges.toSorted((one, other) => compare(one.node.name, other.node.name)), findings };
}

const compare = (one: string, other: string): number => (one < other ? -1 : one > other ? 1 : 0);

function parseRange(node: PeerNode, text: string): readonly PodRange[] {
  const prefix = parseIpPrefix(text);
  return prefix === undefined ? [] : [{ node, prefix, text }];
}

/** Ranges looked up by their first bits: a cluster has thousands of them, in a handful of lengths. */
class RangeIndex {
  readonly ranges: PodRange[] = [];
  readonly #lengths: readonly number[];
  readonly #exact = new Map<string, PodRange>();
  /** By every shorter prefix that one of them lies in. */
  readonly #within = new Map<string, PodRange>();

  constructor(expected: readonly PodRange[]) {
    this.#lengths = [...new Set(expected.map(({ prefix }) => prefix.length))];
  }

  findOverlap({ prefix, text }: PodRange): PodRange | undefined {
    const around = this.#shorten(prefix).map((key) => this.#exact.get(key));
    return around.find((range) => range !== undefined) ?? this.#within.get(text);
  }

  add(range: PodRange): void {
    this.ranges.push(range);
    this.#exact.set(range.text, range);
    for (const key of this.#shorten(range.prefix)) this.#within.set(key, range);
  }

  #shorten({ address, length }: IpPrefix): readonly string[] {
    const shorter = this.#lengths.filter((candidate) => candidate <= length);
    return shorter.map((candidate) => formatIpPrefix(networkPrefix({ address, length: candidate })));
  }
}

function describeOverlap(rival: PodRange, { node, text }: PodRange): FoundProblem {
  return {
    id: `pod-cidrs-overlap/${node.name}/${text}`,
    rule: 'pod-cidrs-overlap',
    severity: 'error',
    title: `The podCIDR ${text} of node ${node.name} overlaps ${rival.text} of node ${rival.node.name}; pods of ${node.name} cannot be reached`,
    evidence: [
      `node ${rival.node.name}: podCIDR ${rival.text}, created ${rival.node.createdAt}`,
      `node ${node.name}: podCIDR ${text}, created ${node.createdAt}`,
    ],
    remedy: `Give ${node.name} a range of its own: delete the Node and let it register again`,
    object: `node ${node.name}`,
  };
}
