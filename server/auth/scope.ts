/**
 * What one person may see of the cluster, as the API server's access reviews decided it. A plain value: two persons with
 * equal scopes share every answer.
 */
export type Scope = {
  /** The same for equal scopes: what is sent live is serialised once for each. */
  readonly key: string;
  /** Namespaces whose pods may be listed. */
  readonly namespaces: 'all' | ReadonlySet<string>;
  /** Whether nodes may be listed: their facts, their root namespace with its routes and rules. */
  readonly seesNodes: boolean;
};

/** Of whoever needs no login, and of a person with every right. */
export const EVERYTHING: Scope = { key: 'everything', namespaces: 'all', seesNodes: true };

export const seesEverything = (scope: Scope): boolean => scope.namespaces === 'all' && scope.seesNodes;

export const seesPodsOf = (scope: Scope, namespace: string): boolean =>
  scope.namespaces === 'all' || scope.namespaces.has(namespace);
