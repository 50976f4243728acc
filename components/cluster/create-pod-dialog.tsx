'use client';

import { type FormEvent, useId, useState } from 'react';
import { LabPodRequest } from '#model/protocol/rest.ts';
import { Button } from '../ui/button.tsx';
import { Dialog } from '../ui/dialog.tsx';
import { createLabPod } from './lab-client.ts';

type CreatePodDialogProps = {
  readonly open: boolean;
  readonly onOpenChange: (open: boolean) => void;
  readonly nodes: readonly string[];
  readonly images: readonly string[];
  /** The node chosen first. */
  readonly node?: string | undefined;
};

const FIELD = 'h-8 w-full rounded-md border border-line-strong bg-ground px-2.5 text-[13px]';

/** Asks the lab for a pod; the kubelet of the chosen node then calls the plugin. */
export function CreatePodDialog({ open, onOpenChange, nodes, images, node }: CreatePodDialogProps) {
  return (
    <Dialog
      open={open}
      onOpenChange={onOpenChange}
      title="Create a pod"
      description="The node's kubelet makes the sandbox and calls the CNI plugin, as it would for any pod."
    >
      <CreatePodForm nodes={nodes} images={images} node={node} onCreated={() => onOpenChange(false)} />
    </Dialog>
  );
}

type CreatePodFormProps = Pick<CreatePodDialogProps, 'nodes' | 'images' | 'node'> & { readonly onCreated: () => void };

function readRequest(form: FormData): ReturnType<typeof LabPodRequest.safeParse> {
  return LabPodRequest.safeParse(Object.fromEntries(form));
}

function CreatePodForm({ nodes, images, node, onCreated }: CreatePodFormProps) {
  const id = useId();
  const [problem, setProblem] = useState<string>();
  const [isBusy, setBusy] = useState(false);
  const submit = async (event: FormEvent<HTMLFormElement>): Promise<void> => {
    event.preventDefault();
    const request = readRequest(new FormData(event.currentTarget));
    if (!request.success) {
      setProblem(request.error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`).join('; '));
      return;
    }
    setBusy(true);
    const answer = await createLabPod(request.data);
    setBusy(false);
    if (answer.ok) {
      onCreated();
    } else {
      setProblem(answer.error);
    }
  };
  return (
    <form onSubmit={(event) => void submit(event)} className="space-y-3">
      <Field id={`${id}-name`} label="Name">
        <input
          id={`${id}-name`}
          name="name"
          required
          maxLength={63}
          pattern="[a-z0-9]([\-a-z0-9]*[a-z0-9])?"
          title="a lower-case DNS label"
          placeholder="web-1"
          autoComplete="off"
          className={`${FIELD} font-mono`}
        />
      </Field>
      <Field id={`${id}-node`} label="Node">
        <select id={`${id}-node`} name="node" defaultValue={node ?? nodes[0]} className={FIELD}>
          {nodes.map((name) => (
            <option key={name}>{name}</option>
          ))}
        </select>
      </Field>
      <Field id={`${id}-image`} label="Image">
        <select id={`${id}-image`} name="image" defaultValue={images[0]} className={FIELD}>
          {images.map((name) => (
            <option key={name}>{name}</option>
          ))}
        </select>
      </Field>
      {problem !== undefined && (
        <p role="alert" className="text-bad">
          {problem}
        </p>
      )}
      <div className="flex justify-end pt-1">
        <Button type="submit" look="accented" disabled={isBusy}>
          {isBusy ? 'Creating…' : 'Create pod'}
        </Button>
      </div>
    </form>
  );
}

type FieldProps = { readonly id: string; readonly label: string; readonly children: React.ReactNode };

function Field({ id, label, children }: FieldProps) {
  return (
    <div>
      <label htmlFor={id} className="mb-1 block font-medium text-text-2 text-xs">
        {label}
      </label>
      {children}
    </div>
  );
}
