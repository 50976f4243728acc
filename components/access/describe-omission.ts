import type { Omission } from '#model/topology/topology.ts';
import { plural } from '../findings/describe-counts.ts';

/** What the view below is without, each in a sentence with its number and the permission that is missing. */
export function describeOmission(omission: Omission, view: 'cluster' | 'node'): readonly string[] {
  return [...describePods(omission), ...(omission.seesNodes ? [] : [describeNodes(omission.nodes ?? 0, view)])];
}

function describePods({ pods, podNamespaces }: Omission): readonly string[] {
  const are = pods === 1 ? 'is' : 'are';
  if (podNamespaces === undefined) {
    return [];
  }
  if (podNamespaces === 0) {
    return [`You may not list pods in any namespace${pods === 0 ? '.' : `: ${plural(pods, 'pod')} ${are} not shown.`}`];
  }
  return pods === 0
    ? []
    : [`${plural(pods, 'pod')} of other namespaces ${are} not shown: no permission to list pods there.`];
}

function describeNodes(hiddenNodes: number, view: 'cluster' | 'node'): string {
  if (view === 'node') {
    return 'Of this node only its name and the ends of these pods’ wires are shown: no permission to list nodes.';
  }
  const others = hiddenNodes === 0 ? '' : `${plural(hiddenNodes, 'node')} without a pod of yours, and `;
  return `Not shown: ${others}what nodes say of themselves. No permission to list nodes.`;
}

/** Where the place of a fact stays empty: it was not read, or it was and may not be shown. */
export const nameUnknown = (omission: Omission | undefined): 'not read' | 'not shown' =>
  omission?.seesNodes === false ? 'not shown' : 'not read';
