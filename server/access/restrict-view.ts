import { type Scope, seesEverything } from '../auth/scope.ts';
import type { TopologyView, WholeView } from '../topology/topology-view.ts';
import { ClusterRestriction } from './restrict-cluster.ts';
import { restrictFindings } from './restrict-findings.ts';
import { restrictNode } from './restrict-node.ts';
import { seesPod } from './sees-owner.ts';

/** The state as somebody may see it: what they may not see is as if it were not there, but for counts. */
export function restrictView(view: WholeView, scope: Scope): TopologyView {
  if (seesEverything(scope)) return view;
  const node = async (name: string) => {
    const topology = await view.node(name);
    return topology && restrictNode(topology, scope);
  };
  return {
    upToSeq: view.upToSeq,
    cluster: async () => new ClusterRestriction(scope).read(await view.shared()),
    node,
    kernel: () => Promise.resolve(undefined),
    pods: async () => (await view.pods()).filter(({ key }) => seesPod(scope, key)),
    pod: async (key) => (seesPod(scope, key) ? view.pod(key) : undefined),
    findings: async () => restrictFindings(await view.findings(), scope),
  };
}
