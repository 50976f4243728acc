import type { Finding } from '#model/findings/finding.ts';
import type { NodeTopology } from '#model/topology/topology.ts';
import { type Scope, seesEverything } from '../auth/scope.ts';
import { seesPod } from './sees-owner.ts';

/** Rules of the agent that are about a node and its routes to other nodes; one that is new is not shown until it is known to be. */
export const NODE_RULES: ReadonlySet<string> = new Set([
  'own-node-unknown',
  'node-without-pod-cidr',
  'network-refused',
  'network-not-first',
  'api-unreachable',
  'network-unmanaged',
  'network-unreadable',
  'node-without-address',
  'node-not-on-link',
  'overlay-without-underlay',
  'pod-cidrs-overlap',
  'repair-undone',
  'repair-failed',
  'route-in-the-way',
]);

/** Of a node, or of all: what an agent finds wrong with the node itself, where nodes may be seen. */
export function restrictFindings<T extends Finding>(findings: readonly T[], scope: Scope): readonly T[] {
  if (seesEverything(scope)) return findings;
  return scope.seesNodes ? findings.filter(({ rule }) => NODE_RULES.has(rule)) : [];
}

/** Words that a text about a node may hold and that would tell of a hidden pod on it. */
export function listHiddenWords(topology: NodeTopology, scope: Scope): ReadonlySet<string> {
  const pods = Object.values(topology.pods).filter(({ key }) => !seesPod(scope, key));
  const attachments = Object.values(topology.attachments).filter(
    ({ pod }) => pod === undefined || !seesPod(scope, pod),
  );
  const words = [
    ...pods.flatMap(({ namespace, name, podIps, hostNetwork }) => [namespace, name, ...(hostNetwork ? [] : podIps)]),
    ...attachments.flatMap(({ pod, containerId, namespaceId, reported }) => [
      ...(pod?.split('/') ?? []),
      containerId,
      namespaceId,
      reported?.podMac,
      reported?.hostVeth,
      ...(reported?.addresses ?? []).map((prefix) => prefix.split('/')[0]),
    ]),
  ];
  return new Set(words.flatMap((word) => (word === undefined || word === '' ? [] : [word])));
}

/** True where none of the words stands in the text, whatever is written around them. */
export const isFreeOf = (hidden: ReadonlySet<string>, text: string): boolean =>
  text.split(/[^\w.:-]+/).every((token) => !hidden.has(token) && !hidden.has(token.replace(/[.:]$/, '')));
