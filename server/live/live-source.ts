import type { FindingsTopology } from '#model/findings/node-finding.ts';
import type { InvocationList, LiveView } from '#model/protocol/live-message.ts';
import type { ClusterTopology, NodeTopology } from '#model/topology/topology.ts';
import type { TopicPayload } from './live-topic.ts';

type InvocationFilter = { readonly node?: string | undefined; readonly pod?: string | undefined };

/** Where a session takes its snapshots from. */
export type LiveSource = {
  readonly cluster: () => ClusterTopology;
  readonly node: (name: string) => NodeTopology | undefined;
  readonly invocations: (filter: InvocationFilter) => InvocationList;
};

export function readView(
  source: LiveSource & { readonly findings: () => FindingsTopology },
  view: LiveView,
): TopicPayload {
  switch (view.kind) {
    case 'cluster':
      return { type: 'snapshot.cluster', topology: source.cluster() };
    case 'findings':
      return { type: 'snapshot.findings', topology: source.findings() };
    case 'invocations':
      return { type: 'snapshot.invocations', list: source.invocations(view) };
    case 'node': {
      const topology = source.node(view.node);
      return { type: 'snapshot.node', ...(topology !== undefined && { topology }) };
    }
  }
}
