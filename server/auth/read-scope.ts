import { createHash } from 'node:crypto';
import type { AccessQuestion } from './review-client.ts';
import { EVERYTHING, type Scope } from './scope.ts';

/** Reviews under way at a time, of one person. */
const AT_ONCE = 8;

/**
 * Asks what somebody may see: pods of all namespaces with one question, else of each namespace that the collector knows. One
 * that it has not heard of yet stays hidden until it is asked about. Rejects where the API server cannot be asked.
 */
export async function readScope(
  mayDo: (question: AccessQuestion) => Promise<boolean>,
  listNamespaces: () => readonly string[],
): Promise<Scope> {
  const [seesAll, seesNodes] = await Promise.all([
    mayDo({ verb: 'list', resource: 'pods', namespace: '' }),
    mayDo({ verb: 'list', resource: 'nodes', namespace: '' }),
  ]);
  if (seesAll) return seesNodes ? EVERYTHING : { key: 'every-namespace', namespaces: 'all', seesNodes };
  const waiting = listNamespaces().toSorted();
  const seen: string[] = [];
  const askInTurn = async (): Promise<void> => {
    for (let namespace = waiting.shift(); namespace !== undefined; namespace = waiting.shift()) {
      if (await mayDo({ verb: 'list', resource: 'pods', namespace })) seen.push(namespace);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, askInTurn));
  const names = seen.toSorted();
  const key = createHash('sha256')
    .update(JSON.stringify([seesNodes, names]))
    .digest('base64url');
  return { key, namespaces: new Set(names), seesNodes };
}
