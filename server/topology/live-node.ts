import type { Finding } from '#model/findings/finding.ts';
import { countFindings } from '#model/findings/node-finding.ts';
import { type AgentFacts, describeAgent, foldAgent } from '#model/log/fold-agent.ts';
import type { LogEntry } from '#model/log/log-entry.ts';
import { type AskedTime, isVisible, type NodeFold } from '#model/log/node-fold.ts';
import { type RecentColumns, RecentInvocations } from '#model/log/recent-invocations.ts';
import { equalJson } from '#model/topology/equal-json.ts';
import type { PodShares } from '#model/topology/join-node-tile.ts';
import { summarizeInvocation } from '#model/topology/summarize-invocation.ts';
import type { InvocationSummary, NodeTile, NodeTopology } from '#model/topology/topology.ts';

/** Statistics of more than these are not kept in a summary: they are in the checkpoints. */
const SUMMARIZED_INVOCATIONS = 256;

/** Pod, then container id, MAC and host veth of one of its attachments: what a person reads off a node. */
export type WireWords = readonly string[];

/** What is kept of every node, read or not. As JSON it is what a restart begins with. */
export type NodeSummary = {
  readonly agent: AgentFacts;
  readonly isInCluster: boolean;
  readonly tile?: NodeTile | undefined;
  readonly findings: readonly Finding[];
  readonly wires: readonly WireWords[];
  /** The tile's pods by namespace; absent in what was kept before they were counted so. */
  readonly shares?: PodShares | undefined;
  /** Of the tile's routes: `LiveCluster.targetsKey`. */
  readonly targetsKey: string;
  /** Absent where there were too many. */
  readonly recent?: RecentColumns | undefined;
};

/**
 * One node of the live server: always its summary, and the fold of its stream (`fold`) and topology while somebody needs
 * them. Both are fed by the same entries.
 */
export class LiveNode {
  readonly name: string;
  /** Of the newest entry. */
  seq: number;
  lastMs = 0;
  agent: AgentFacts = {};
  isInCluster = false;
  tile: NodeTile | undefined;
  findings: readonly Finding[] = [];
  wires: readonly WireWords[] = [];
  /** Keeps its identity while it is the same. */
  shares: PodShares = {};
  targetsKey = '';
  recent = new RecentInvocations();
  /** When the statistics change by themselves. */
  expiresMs: number | undefined;
  /** True where entries came that the tile does not show yet. */
  isChanged: boolean;
  fold: NodeFold | undefined;
  topology: NodeTopology | undefined;
  /** Of the entries since the last checkpoint. */
  weight = 0;
  /** Kernel records held, about; what its memory is counted by. */
  records = 0;
  /** The first entry that the summary on disk does not hold; `undefined`: it holds all. */
  unsavedSeq: number | undefined;
  /** True where not even the agent's facts are up to the newest entry: only the fold is. */
  isUncertain: boolean;

  constructor(name: string, seq = 0, summary?: NodeSummary) {
    this.name = name;
    this.seq = seq;
    this.isUncertain = summary === undefined;
    this.isChanged = summary?.recent?.owners === undefined || summary.shares === undefined;
    if (summary === undefined) return;
    this.agent = summary.agent;
    this.isInCluster = summary.isInCluster;
    this.tile = summary.tile;
    this.findings = summary.findings;
    this.wires = summary.wires;
    this.shares = summary.shares ?? {};
    this.targetsKey = summary.targetsKey;
    this.recent = new RecentInvocations(summary.recent);
  }

  /** `summary`: of the invocation, where somebody has made it. */
  apply(entry: LogEntry, summary?: InvocationSummary): void {
    const { body } = entry;
    this.seq = entry.seq;
    this.unsavedSeq ??= entry.seq;
    this.lastMs = entry.receivedMs;
    if (this.fold !== undefined) {
      this.fold.apply(entry, summary);
      this.takeFold(this.fold);
      this.isChanged = true;
      return;
    }
    this.agent = foldAgent(this.agent, entry);
    if (body.type === 'agent.findings') this.findings = body.findings;
    if (body.type === 'node.forgotten') this.findings = [];
    if (body.type === 'cluster.put') this.isInCluster = true;
    if (body.type === 'invocation') {
      this.recent.add(summary ?? summarizeInvocation(body.event, this.name), entry.receivedMs);
    }
    if (SHOWS_IN_TILE.has(body.type)) this.isChanged = true;
  }

  share(shares: PodShares): void {
    if (!equalJson(this.shares, shares)) this.shares = shares;
  }

  /** What the summary has in common with the fold. */
  takeFold(fold: NodeFold): void {
    this.fold = fold;
    this.isUncertain = false;
    this.agent = fold.agent;
    this.isInCluster = fold.isInCluster;
    this.findings = fold.findings;
    this.recent = fold.recent;
  }

  isVisible(asked: AskedTime): boolean {
    return isVisible(this, asked);
  }

  /** The tile at a later time: agent and statistics move on by themselves, and findings need no fold. */
  ageTile(tile: NodeTile, asked: AskedTime): NodeTile {
    return {
      ...tile,
      agent: describeAgent(this.agent, asked.atMs, asked.startedSeq),
      invocations: this.recent.measure(asked.atMs),
      findings: countFindings(this.findings),
    };
  }

  /** True where time alone makes the tile wrong. */
  isAged(asked: AskedTime): boolean {
    if (this.isVisible(asked) !== (this.tile !== undefined)) return true;
    if (this.tile === undefined) return false;
    if (this.expiresMs !== undefined && this.expiresMs <= asked.atMs) return true;
    return this.tile.agent.state !== describeAgent(this.agent, asked.atMs, asked.startedSeq).state;
  }

  summarize(): NodeSummary {
    const { agent, isInCluster, tile, findings, wires, shares, targetsKey, recent } = this;
    const columns = recent.size > SUMMARIZED_INVOCATIONS ? undefined : recent.save();
    return { agent, isInCluster, tile, findings, wires, shares, targetsKey, recent: columns };
  }
}

/** What others read of a node, whether its fold is held or not. */
export type LiveSummary = Pick<LiveNode, 'name' | 'findings' | 'wires' | 'tile' | 'shares' | 'recent'>;

/** Entries that change more of a tile than agent and statistics. */
const SHOWS_IN_TILE = new Set<LogEntry['body']['type']>([
  'kernel.snapshot',
  'kernel.delta',
  'invocation',
  'cluster.put',
  'cluster.remove',
  'node.forgotten',
]);

export const listWires = (topology: NodeTopology): readonly WireWords[] =>
  Object.values(topology.attachments).flatMap(({ pod, containerId, reported }) =>
    pod === undefined
      ? []
      : [[pod, ...[containerId, reported?.podMac, reported?.hostVeth].filter((word) => word !== undefined)]],
  );

/** Records of a topology: what makes it big. Counted by namespace, for the records of an unchanged kernel are the same. */
export function countRecords(topology: NodeTopology): number {
  const { links, addresses, routes, rules, neighbours, fdb, namespaces } = topology;
  let count = 0;
  for (const records of [links, addresses, routes, rules, neighbours, fdb]) count += Object.keys(records).length;
  for (const { netfilter } of Object.values(namespaces)) {
    count += netfilter?.nft.length ?? 0;
    for (const { rules: texts } of netfilter?.iptables ?? []) count += texts.length;
  }
  return count;
}
