import type { Drift } from '#model/agent/drift.ts';

/** One object of the pod network, as it was found on the node. */
export type Observation = {
  readonly kind: Drift['kind'];
  readonly object: string;
  /** What it is remembered by, where the object's name is not always the same. */
  readonly key?: string;
  /** What it has to be, as text: the same object wanted otherwise is no drift. Empty for what has to go. */
  readonly wanted: string;
  readonly state: 'right' | Drift['found'];
  /** What puts it right by hand. */
  readonly command: string;
  /** Puts it right. @throws where the kernel, a program or the file system refuses */
  readonly repair: () => void;
};

const keepAsItIs = (): void => undefined;

export function observeRight(about: Pick<Observation, 'kind' | 'object' | 'key' | 'wanted'>): Observation {
  return { ...about, state: 'right', command: '', repair: keepAsItIs };
}
