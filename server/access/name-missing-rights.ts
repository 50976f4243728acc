import { type Scope, seesEverything } from '../auth/scope.ts';

/** What somebody lacks to see everything, and how it is granted; `undefined` where they lack nothing. */
export function nameMissingRights(scope: Scope): string | undefined {
  if (seesEverything(scope)) return undefined;
  const lacking = [
    ...(scope.namespaces === 'all' ? [] : ['list pods in all namespaces']),
    ...(scope.seesNodes ? [] : ['list nodes']),
  ];
  return `it needs the right to ${lacking.join(' and to ')}. A ClusterRole with the verb list, bound by a ClusterRoleBinding, grants it.`;
}

/** The same for a command to an agent; `namespace` is `''` where it goes to the node itself. */
export function nameTraceRight(namespace: string): string {
  const where = namespace === '' ? 'all namespaces' : `namespace ${namespace}`;
  const option = namespace === '' ? 'clusterrole' : `role -n ${namespace}`;
  return (
    `It needs the verb trace on pods in ${where}, which kubectl auth can-i trace pods asks for. ` +
    `kubectl create ${option} podwire-trace --verb=trace --resource=pods makes a role to be bound.`
  );
}
