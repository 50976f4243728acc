import type { FindingsTopology } from '#model/findings/node-finding.ts';
import type { LiveView } from '#model/protocol/live-message.ts';
import type { Collections } from '#model/topology/diff-topology.ts';
import type { ClusterTopology, NodeTopology } from '#model/topology/topology.ts';
import { ClusterRestriction } from '../access/restrict-cluster.ts';
import { restrictFindings } from '../access/restrict-findings.ts';
import { restrictNode } from '../access/restrict-node.ts';
import { type Scope, seesEverything } from '../auth/scope.ts';
import type { LiveSource } from './live-source.ts';
import type { TopicPayload } from './live-topic.ts';

export type TopologyLiveView = Exclude<LiveView, { kind: 'invocations' }>;

type Whole = Pick<LiveSource, 'cluster' | 'shared' | 'node'> & { readonly findings: () => FindingsTopology };

/** Reads views as somebody of one scope may see them. */
export class LiveReader {
  readonly #source: Whole;
  readonly #scope: Scope;
  readonly #cluster: ClusterRestriction;

  constructor(source: Whole, scope: Scope) {
    this.#source = source;
    this.#scope = scope;
    this.#cluster = new ClusterRestriction(scope);
  }

  /** `undefined` where there is none for them. `told` is the cluster where it is at hand, as while a change is told. */
  read(view: TopologyLiveView, told?: ClusterTopology): Collections | undefined {
    if (view.kind === 'node') {
      const topology = this.#source.node(view.node);
      return topology && restrictNode(topology, this.#scope);
    }
    const isAll = seesEverything(this.#scope);
    if (view.kind === 'cluster') {
      const topology = told ?? this.#source.cluster();
      return isAll ? topology : this.#cluster.read(this.#source.shared(topology));
    }
    const whole = this.#source.findings();
    return isAll ? whole : pickFindings(whole, this.#scope);
  }
}

function pickFindings({ findings }: FindingsTopology, scope: Scope): FindingsTopology {
  const seen = new Set(restrictFindings(Object.values(findings), scope));
  return { findings: Object.fromEntries(Object.entries(findings).filter(([, finding]) => seen.has(finding))) };
}

/** The snapshot of a topology that fits its view. */
export function writeTopology(view: TopologyLiveView, topology: Collections | undefined): TopicPayload {
  switch (view.kind) {
    case 'cluster':
      return { type: 'snapshot.cluster', topology: topology as ClusterTopology };
    case 'findings':
      return { type: 'snapshot.findings', topology: topology as FindingsTopology };
    case 'node':
      return { type: 'snapshot.node', ...(topology !== undefined && { topology: topology as NodeTopology }) };
  }
}
