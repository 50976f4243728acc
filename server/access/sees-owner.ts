import { NOBODY, NODE_ITSELF, namespaceOf } from '#model/topology/invocation-owner.ts';
import type { Omission } from '#model/topology/topology.ts';
import { type Scope, seesEverything, seesPodsOf } from '../auth/scope.ts';

/** Whether an invocation of this owner (`findInvocationOwner`) may be seen: a container that is no pod's needs every right. */
export function seesOwner(scope: Scope, owner: string): boolean {
  if (owner === NODE_ITSELF) return scope.seesNodes;
  return owner === NOBODY ? seesEverything(scope) : seesPodsOf(scope, owner);
}

/** `podKey` is `<namespace>/<name>`. */
export const seesPod = (scope: Scope, podKey: string): boolean => seesPodsOf(scope, namespaceOf(podKey));

/** What is said of what is left out. */
export function describeOmission(scope: Scope, counts: { readonly pods: number; readonly nodes?: number }): Omission {
  return {
    ...counts,
    seesNodes: scope.seesNodes,
    ...(scope.namespaces !== 'all' && { podNamespaces: scope.namespaces.size }),
  };
}
