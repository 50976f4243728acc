import { exactEquality } from '#model/kernel/diff-namespace.ts';
import type { NetnsId, NetworkNamespace } from '#model/kernel/kernel-snapshot.ts';
import type { BatchRecord } from '#model/protocol/agent-batch.ts';
import { diffNamespaces, equalityButForNoise, type NamespacesById } from './diff-namespaces.ts';

/**
 * What the collector knows of this node's kernel, as far as we told it. There is no queue of changes: each report is the
 * difference between what was told and what is, so that hours without a collector cost no memory.
 */
export class KernelReport {
  readonly #about: { readonly node: string; readonly bootId: string };
  #told: ReadonlyMap<NetnsId, NetworkNamespace> | undefined;
  /** The state that was compared last, which is never changed but replaced: most batches are made without a change. */
  #compared: NamespacesById | undefined;
  #sequence = 0;

  constructor(about: { readonly node: string; readonly bootId: string }) {
    this.#about = about;
  }

  /** The collector lost track: the next report is a whole snapshot. */
  forget(): void {
    this.#told = undefined;
  }

  /**
   * @param now the kernel's state; taken as told from here on
   * @param isFull tells what moves by itself too (counters, confirmation of neighbours)
   * @returns a snapshot, a delta, or `undefined` where there is nothing to tell
   */
  next(
    now: NamespacesById,
    { time, isFull }: { readonly time: string; readonly isFull: boolean },
  ): BatchRecord | undefined {
    const about = { ...this.#about, time };
    const isCompared = now === this.#compared && !isFull;
    this.#compared = now;
    if (this.#told === undefined) {
      this.#told = new Map(now);
      this.#sequence += 1;
      return {
        type: 'kernel.snapshot',
        snapshot: { ...about, sequence: this.#sequence, namespaces: [...now.values()] },
      };
    }
    if (isCompared) return undefined;
    const { changes, told } = diffNamespaces(this.#told, now, isFull ? exactEquality : equalityButForNoise);
    this.#told = told;
    if (changes.length === 0) return undefined;
    this.#sequence += 1;
    return { type: 'kernel.delta', delta: { ...about, sequence: this.#sequence, changes } };
  }
}
