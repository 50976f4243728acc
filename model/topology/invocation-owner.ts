import type { InvocationSummary } from './topology.ts';

/** Verbs that a runtime asks of a network and not for a container: such an invocation is the node's own. CNI SPEC.md, "GC", "STATUS". */
export const NODE_VERBS: readonly string[] = ['GC', 'STATUS', 'VERSION'];

/** No namespace is called so. */
export const NODE_ITSELF = '/';
export const NOBODY = '';

/** Whose an invocation is: a namespace's, the node's own (`NODE_ITSELF`), or of a container that is no pod's (`NOBODY`). */
export function findInvocationOwner({ pod, verb }: Pick<InvocationSummary, 'pod' | 'verb'>): string {
  if (pod !== undefined) return namespaceOf(pod);
  return NODE_VERBS.includes(verb) ? NODE_ITSELF : NOBODY;
}

/** The namespace in `<namespace>/<name>`. */
export const namespaceOf = (podKey: string): string => podKey.slice(0, Math.max(0, podKey.indexOf('/')));
