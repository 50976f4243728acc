'use client';

import { Trash2 } from 'lucide-react';
import { useState } from 'react';
import type { TopologyPod } from '#model/topology/topology.ts';
import { Button } from '../ui/button.tsx';
import { Dialog } from '../ui/dialog.tsx';
import { useLab } from './use-lab.ts';

/** Deletes a pod of the lab after a question; nothing where no lab runs. */
export function DeletePod({ pod }: { readonly pod: TopologyPod }) {
  const { lab, deletePod } = useLab();
  const [isOpen, setIsOpen] = useState(false);
  const [isBusy, setIsBusy] = useState(false);
  const [problem, setProblem] = useState<string>();
  if (lab === undefined) {
    return null;
  }
  const remove = async (): Promise<void> => {
    setIsBusy(true);
    setProblem(undefined);
    const result = await deletePod(pod.namespace, pod.name);
    setIsBusy(false);
    setProblem(result.ok ? undefined : result.error);
    setIsOpen(!result.ok);
  };
  const isLeaving = pod.deletedAt !== undefined;
  return (
    <>
      <Button look="dangerous" disabled={isLeaving} onClick={() => setIsOpen(true)}>
        <Trash2 aria-hidden size={13} />
        {isLeaving ? 'Deleting…' : 'Delete pod'}
      </Button>
      <Dialog
        open={isOpen}
        onOpenChange={setIsOpen}
        title={`Delete ${pod.key}?`}
        description="The runtime calls the CNI plugin with DEL, and the wire goes."
      >
        {problem !== undefined && (
          <p role="alert" className="mb-4 rounded-md border border-bad/50 px-3 py-2 text-bad">
            {problem}
          </p>
        )}
        <div className="flex justify-end gap-2">
          <Button look="outlined" onClick={() => setIsOpen(false)}>
            Keep it
          </Button>
          <Button look="dangerous" disabled={isBusy} onClick={() => void remove()}>
            {isBusy ? 'Deleting…' : 'Delete pod'}
          </Button>
        </div>
      </Dialog>
    </>
  );
}
