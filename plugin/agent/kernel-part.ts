import type { BatchRecord } from '#model/protocol/agent-batch.ts';
import type { BatchPart, Refusal } from './batch-part.ts';
import type { NamespacesById } from './diff-namespaces.ts';
import type { KernelReport } from './kernel-report.ts';

export interface KernelReading {
  readonly namespaces: NamespacesById;
  /** Tells what moves by itself, too. */
  readonly isFull: boolean;
}

interface KernelPartSource {
  readonly report: KernelReport;
  /** `undefined` until the kernel was read for the first time. */
  readonly read: () => KernelReading | undefined;
  readonly now: () => Date;
  /** Of a clock that never jumps. */
  readonly nowMs: () => number;
}

type SnapshotOutcome = { readonly ok: true } | { readonly ok: false; readonly reason: string };

/** The collector does not like our state of the kernel: it gets the next one, later. */
const refusedMs = 30_000;

/**
 * The state of the kernel. Nothing is queued: each batch has the difference to what was told. A state that is too much for
 * one batch goes in several: a snapshot of a part of the namespaces, and the others as changes.
 */
export class KernelPart implements BatchPart {
  readonly #source: KernelPartSource;
  #heldUntilMs = 0;
  /** So many namespaces are told, and by so many more with each batch; undefined: all. */
  #portion: { readonly limit: number; readonly step: number } | undefined;
  #taken: { readonly record: BatchRecord | undefined; readonly isWhole: boolean } = {
    record: undefined,
    isWhole: true,
  };
  #changes = 0;
  #foldedChanges = 0;
  #waiting: ((outcome: SnapshotOutcome) => void)[] = [];

  constructor(source: KernelPartSource) {
    this.#source = source;
  }

  /** Changes that were told together with a later one. */
  get foldedChanges(): number {
    return this.#foldedChanges;
  }

  /** The kernel told of a change, and its state was read. */
  noteChange(): void {
    this.#changes += 1;
  }

  /** The collector lost track. */
  forget(): void {
    this.#source.report.forget();
  }

  /** Tells everything anew. @returns when the collector has it, or refused it */
  tellWhole(): Promise<SnapshotOutcome> {
    this.forget();
    this.#heldUntilMs = 0;
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  take(): readonly BatchRecord[] {
    this.#taken = { record: undefined, isWhole: true };
    if (this.#source.nowMs() < this.#heldUntilMs) return [];
    const reading = this.#source.read();
    if (reading === undefined) return [];
    const { namespaces, isFull } = reading;
    const told = this.#portion === undefined ? namespaces : new Map([...namespaces].slice(0, this.#portion.limit));
    const record = this.#source.report.next(told, { time: this.#source.now().toISOString(), isFull });
    this.#taken = { record, isWhole: told.size === namespaces.size };
    this.#foldedChanges += record === undefined ? 0 : Math.max(0, this.#changes - 1);
    this.#changes = 0;
    return record === undefined ? [] : [record];
  }

  accept(): void {
    const { record, isWhole } = this.#taken;
    if (isWhole) {
      this.#portion = undefined;
      if (record !== undefined) this.#finish({ ok: true });
    } else if (this.#portion !== undefined) {
      const { limit, step } = this.#portion;
      this.#portion = { limit: limit + step, step };
    }
  }

  refuse({ isAlone, isTooLarge, reason }: Refusal): void {
    const { record } = this.#taken;
    if (record === undefined) return;
    this.forget();
    if (!isAlone) return;
    const step = Math.floor(countNamespaces(record) / 2);
    if (isTooLarge && step > 0) this.#portion = { limit: step, step };
    else {
      this.#heldUntilMs = this.#source.nowMs() + refusedMs;
      this.#finish({ ok: false, reason });
    }
  }

  #finish(outcome: SnapshotOutcome): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const resolve of waiting) resolve(outcome);
  }
}

function countNamespaces(record: BatchRecord): number {
  if (record.type === 'kernel.snapshot') return record.snapshot.namespaces.length;
  return record.type === 'kernel.delta' ? record.delta.changes.length : 0;
}
