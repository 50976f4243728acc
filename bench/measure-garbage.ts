import type { Contender } from './contenders.ts';
import type { GarbageMeasurement } from './plugin-measurement.ts';
import { createNamespaces, locateTarget, removeNamespaces, requireSuccess } from './pod-namespaces.ts';
import { runCniVerb } from './run-cni-verb.ts';

/** Leaves `attachments` behind, deletes them one by one, leaves as many again and collects them with one GC. */
export function measureGarbage(
  contender: Contender,
  { attachments, rounds }: { readonly attachments: number; readonly rounds: number },
): GarbageMeasurement {
  const names = Array.from({ length: attachments }, (_, place) => `gc${place}`);
  const targets = names.map(locateTarget);
  createNamespaces(names);
  const addAll = (): void => {
    for (const target of targets) requireSuccess(contender, 'ADD', runCniVerb(contender, 'ADD', target));
  };
  const collecting = { ...contender, configuration: { ...contender.configuration, 'cni.dev/valid-attachments': [] } };
  const singleMs: number[] = [];
  const batchMs: number[] = [];
  for (let round = 0; round < rounds; round += 1) {
    addAll();
    const deletions = targets.map((target) => requireSuccess(contender, 'DEL', runCniVerb(contender, 'DEL', target)));
    singleMs.push(deletions.reduce((sum, ms) => sum + ms, 0));
    addAll();
    batchMs.push(requireSuccess(contender, 'GC', runCniVerb(collecting, 'GC', undefined)));
  }
  removeNamespaces(names);
  return { attachments, singleMs, batchMs };
}
