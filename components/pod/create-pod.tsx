'use client';

import { Plus } from 'lucide-react';
import { type FormEvent, useState } from 'react';
import { LabPodRequest } from '#model/protocol/rest.ts';
import { Button } from '../ui/button.tsx';
import { Dialog } from '../ui/dialog.tsx';
import { useLab } from './use-lab.ts';

type CreatePodProps = {
  /** Absent: the node can be chosen. */
  readonly node?: string;
  /** Called with `<namespace>/<name>` when the lab has taken the pod. */
  readonly onCreated?: (pod: string) => void;
};

/** Makes a pod on a node of the lab; nothing where no lab runs. */
export function CreatePod({ node, onCreated }: CreatePodProps) {
  const [isOpen, setIsOpen] = useState(false);
  const { lab, createPod } = useLab();
  const nodes = (lab?.nodes ?? []).map(({ name }) => name).filter((name) => node === undefined || name === node);
  if (lab === undefined || nodes.length === 0) {
    return null;
  }
  const finish = (pod: string): void => {
    setIsOpen(false);
    onCreated?.(pod);
  };
  return (
    <>
      <Button look="outlined" onClick={() => setIsOpen(true)}>
        <Plus aria-hidden size={13} />
        Create pod
      </Button>
      <Dialog
        open={isOpen}
        onOpenChange={setIsOpen}
        title="Create a pod"
        description={`In the lab${node === undefined ? '' : `, on node ${node}`}. The runtime calls the CNI plugin for it.`}
      >
        <CreatePodForm nodes={nodes} images={lab.images} createPod={createPod} onCreated={finish} />
      </Dialog>
    </>
  );
}

type CreatePodFormProps = {
  /** The first is chosen at first; one alone is not asked for. */
  readonly nodes: readonly string[];
  readonly images: readonly string[];
  readonly createPod: ReturnType<typeof useLab>['createPod'];
  readonly onCreated: (pod: string) => void;
};

function CreatePodForm({ nodes, images, createPod, onCreated }: CreatePodFormProps) {
  const [name, setName] = useState('');
  const [node, setNode] = useState(nodes[0]);
  const [image, setImage] = useState(images[0]);
  const [problem, setProblem] = useState<string>();
  const [isBusy, setIsBusy] = useState(false);
  const submit = async (event: FormEvent): Promise<void> => {
    event.preventDefault();
    const request = LabPodRequest.safeParse({ name: name.trim(), node, image });
    if (!request.success) {
      setProblem('A name is lower-case letters, digits and dashes, 63 at most, and starts and ends with no dash.');
      return;
    }
    setIsBusy(true);
    setProblem(undefined);
    const result = await createPod(request.data);
    setIsBusy(false);
    if (result.ok) {
      onCreated(`${request.data.namespace}/${request.data.name}`);
    } else {
      setProblem(result.error);
    }
  };
  const changeName = (next: string): void => {
    setName(next);
    setProblem(undefined);
  };
  return (
    <form onSubmit={(event) => void submit(event)} className="space-y-4">
      <NameField name={name} onChange={changeName} isInvalid={problem !== undefined} />
      {nodes.length > 1 && <ChoiceField label="Node" choices={nodes} value={node} onChange={setNode} />}
      <ChoiceField label="Image" choices={images} value={image} onChange={setImage} />
      {problem !== undefined && (
        <p role="alert" id="create-pod-problem" className="rounded-md border border-bad/50 px-3 py-2 text-bad">
          {problem}
        </p>
      )}
      <div className="flex justify-end">
        <Button type="submit" look="accented" disabled={isBusy || name.trim() === ''}>
          {isBusy ? 'Creating…' : 'Create pod'}
        </Button>
      </div>
    </form>
  );
}

const FIELD =
  'mt-1 block h-8 w-full rounded-md border border-line-strong bg-ground px-2.5 text-[13px] text-text placeholder:text-text-3';

type NameFieldProps = {
  readonly name: string;
  readonly onChange: (name: string) => void;
  readonly isInvalid: boolean;
};

function NameField({ name, onChange, isInvalid }: NameFieldProps) {
  return (
    <label className="block text-xs font-medium text-text-2">
      Name
      <input
        value={name}
        onChange={(event) => onChange(event.target.value)}
        placeholder="nginx3"
        autoComplete="off"
        spellCheck={false}
        maxLength={63}
        aria-invalid={isInvalid}
        {...(isInvalid ? { 'aria-describedby': 'create-pod-problem' } : {})}
        className={`${FIELD} font-mono`}
      />
    </label>
  );
}

type ChoiceFieldProps = {
  readonly label: string;
  readonly choices: readonly string[];
  readonly value: string | undefined;
  readonly onChange: (value: string) => void;
};

function ChoiceField({ label, choices, value, onChange }: ChoiceFieldProps) {
  return (
    <label className="block text-xs font-medium text-text-2">
      {label}
      <select value={value} onChange={(event) => onChange(event.target.value)} className={FIELD}>
        {choices.map((choice) => (
          <option key={choice}>{choice}</option>
        ))}
      </select>
    </label>
  );
}
