import type { SessionBody } from '#model/protocol/session.ts';

const NAMED = 3;

/** What somebody may see, in a sentence. */
export function describeScope({ namespaces, seesNodes }: SessionBody['scope']): string {
  const nodes = seesNodes ? 'nodes' : 'no nodes';
  if (namespaces === 'all') return seesNodes ? 'Sees everything.' : 'Sees the pods of all namespaces, and no nodes.';
  if (namespaces.length === 0) return seesNodes ? 'Sees nodes, and no pods.' : 'May see neither pods nor nodes.';
  const names = namespaces.slice(0, NAMED).join(', ');
  const more = namespaces.length > NAMED ? ` and ${namespaces.length - NAMED} more namespaces` : '';
  return `Sees the pods of ${names}${more}, and ${nodes}.`;
}
