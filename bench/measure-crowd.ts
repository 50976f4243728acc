import type { Contender } from './contenders.ts';
import type { CrowdMeasurement } from './plugin-measurement.ts';
import { createNamespaces, locateTarget, removeNamespaces, requireSuccess } from './pod-namespaces.ts';
import { runCniVerb } from './run-cni-verb.ts';

/** Fills the one bridge with `pods`, then adds and deletes one more pod there and on the empty bridge, in turns. */
export function measureCrowd(
  { empty, crowded }: { readonly empty: Contender; readonly crowded: Contender },
  { pods, rounds }: { readonly pods: number; readonly rounds: number },
): CrowdMeasurement {
  const crowd = Array.from({ length: pods }, (_, place) => `crowd${place}`);
  createNamespaces([...crowd, 'one']);
  for (const name of crowd) requireSuccess(crowded, 'ADD', runCniVerb(crowded, 'ADD', locateTarget(name)));
  const emptyAddMs: number[] = [];
  const crowdedAddMs: number[] = [];
  const measureOne = (contender: Contender): number => {
    const addMs = requireSuccess(contender, 'ADD', runCniVerb(contender, 'ADD', locateTarget('one')));
    requireSuccess(contender, 'DEL', runCniVerb(contender, 'DEL', locateTarget('one')));
    return addMs;
  };
  for (let round = 0; round < rounds; round += 1) {
    emptyAddMs.push(measureOne(empty));
    crowdedAddMs.push(measureOne(crowded));
  }
  for (const name of crowd) requireSuccess(crowded, 'DEL', runCniVerb(crowded, 'DEL', locateTarget(name)));
  removeNamespaces([...crowd, 'one']);
  return { title: empty.title, pods, emptyAddMs, crowdedAddMs };
}
