import type { Finding } from '#model/findings/finding.ts';
import { type FindingsTopology, keyFindings, type NodeFinding } from '#model/findings/node-finding.ts';
import type { TopologyDelta } from '#model/protocol/live-message.ts';
import { diffTopology, isEmptyDelta } from '#model/topology/diff-topology.ts';

/** The findings of every node in one collection, kept up node by node. */
export class FindingsBoard {
  readonly #byNode = new Map<string, Readonly<Record<string, NodeFinding>>>();

  /** Answers what changed; `undefined` where nothing did. */
  put(node: string, findings: readonly Finding[]): TopologyDelta | undefined {
    const before = this.#byNode.get(node) ?? {};
    const after = keyFindings(node, findings);
    if (Object.keys(after).length === 0) this.#byNode.delete(node);
    else this.#byNode.set(node, after);
    const delta = diffTopology({ findings: before }, { findings: after });
    return isEmptyDelta(delta) ? undefined : delta;
  }

  read(): FindingsTopology {
    return { findings: Object.assign({}, ...this.#byNode.values()) as FindingsTopology['findings'] };
  }
}
