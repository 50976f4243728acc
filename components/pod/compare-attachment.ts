import type { Attachment, NodeTopology } from '#model/topology/topology.ts';

/**
 * `same`: both say it. `different`: both speak and disagree. `unreported`, `unread`: one side is silent; no difference
 * is claimed where nothing is known.
 */
export type Verdict = 'same' | 'different' | 'unreported' | 'unread';

export type ComparisonRow = {
  readonly label: string;
  /** What the last successful ADD printed. */
  readonly reported: string | undefined;
  /** What the kernel has now. */
  readonly kernel: string | undefined;
  readonly verdict: Verdict;
};

/** What CNI reported of one pod interface against what the kernel has, line by line. */
export function compareAttachment(topology: NodeTopology, attachment: Attachment): readonly ComparisonRow[] {
  const { reported } = attachment;
  const root = Object.values(topology.namespaces).find((namespace) => namespace.kind === 'root')?.id;
  const podLink = topology.links[`${attachment.namespaceId}/${attachment.podLinkIndex}`];
  const hostLink = topology.links[`${root}/${attachment.hostLinkIndex}`];
  const bridge = topology.links[`${root}/${attachment.bridgeIndex}`];
  const hostName = hostLink === undefined ? undefined : `${hostLink.name} #${hostLink.index}`;
  return [
    compareSets('address', reported?.addresses, podLink && readAddresses(topology, attachment)),
    compareSets('gateway', reported?.gateways, podLink && readGateways(topology, attachment)),
    compareTexts('MAC', reported?.podMac, podLink?.mac),
    compareTexts('MTU', reported?.mtuBytes?.toString(), podLink?.mtuBytes.toString()),
    { ...compareTexts('host veth', reported?.hostVeth, hostLink?.name), kernel: hostName },
    compareTexts('bridge', reported?.bridge, bridge?.name),
  ];
}

/** How many lines disagree. */
export function countDifferences(rows: readonly ComparisonRow[]): number {
  return rows.filter((row) => row.verdict === 'different').length;
}

function readAddresses(topology: NodeTopology, attachment: Attachment): readonly string[] {
  return Object.values(topology.addresses)
    .filter(
      (address) =>
        address.namespaceId === attachment.namespaceId &&
        address.linkIndex === attachment.podLinkIndex &&
        address.scope === 'global',
    )
    .map((address) => address.prefix);
}

function readGateways(topology: NodeTopology, attachment: Attachment): readonly string[] {
  const gateways = Object.values(topology.routes)
    .filter((route) => route.namespaceId === attachment.namespaceId && route.linkIndex === attachment.podLinkIndex)
    .flatMap((route) => route.gateway ?? []);
  return [...new Set(gateways)];
}

function compareTexts(label: string, reported: string | undefined, kernel: string | undefined): ComparisonRow {
  return { label, reported, kernel, verdict: judge(reported, kernel) };
}

function compareSets(
  label: string,
  reported: readonly string[] | undefined,
  kernel: readonly string[] | undefined,
): ComparisonRow {
  return compareTexts(label, joinSorted(reported), joinSorted(kernel, kernel !== undefined));
}

/** `isRead`: an empty list is a reading, and shown as one. */
function joinSorted(values: readonly string[] | undefined, isRead = false): string | undefined {
  return values === undefined || (values.length === 0 && !isRead)
    ? undefined
    : values.length === 0
      ? 'none'
      : values.toSorted().join(' ');
}

function judge(reported: string | undefined, kernel: string | undefined): Verdict {
  if (kernel === undefined) {
    return 'unread';
  }
  return reported === undefined ? 'unreported' : reported === kernel ? 'same' : 'different';
}
