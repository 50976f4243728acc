import { Lock } from 'lucide-react';
import type { Omission } from '#model/topology/topology.ts';
import { EmptyState } from '../ui/empty-state.tsx';

/** A cluster of which this person may see nothing, or nothing yet. */
export function NothingToSee({ omission }: { readonly omission: Omission }) {
  if (omission.podNamespaces === 0) {
    return (
      <EmptyState icon={Lock} title="You may not list pods in any namespace">
        Podwire shows what kubectl would: a RoleBinding that lets you list pods brings those of its namespace here, and
        one for nodes the nodes. Ask whoever runs this cluster.
      </EmptyState>
    );
  }
  return (
    <EmptyState icon={Lock} title="None of your pods is on a node">
      A node shows up here with the first pod on it that you may list. Without permission to list nodes, no other does.
    </EmptyState>
  );
}
