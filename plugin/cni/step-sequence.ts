import type { InvocationStep } from '#model/cni/invocation-event.ts';
import type { Deadline } from './deadline.ts';
import type { StepBoundary } from './kill-at-step.ts';

/** What a step tells about itself while it runs. */
export type StepNotes = {
  /** The `ip` or `iptables` line that does the same by hand. */
  command?: string;
  /** What the step acts on. */
  object?: string;
  /** Takes back what was done so far; runs only if this step or a later one fails. */
  readonly onUndo: (undo: () => void) => void;
};

type MutableStep = { -readonly [Key in keyof InvocationStep]: InvocationStep[Key] };

/** The named steps of one invocation in order, each with how to take it back. */
export class StepSequence {
  readonly #nowUs: () => number;
  readonly #deadline: Deadline;
  readonly #atBoundary: StepBoundary | undefined;
  readonly #steps: MutableStep[] = [];
  readonly #undos: { readonly step: MutableStep; readonly undo: () => void }[] = [];

  /** @param nowUs microseconds since the start of the invocation */
  constructor(nowUs: () => number, deadline: Deadline, atBoundary?: StepBoundary) {
    this.#nowUs = nowUs;
    this.#deadline = deadline;
    this.#atBoundary = atBoundary;
  }

  get steps(): readonly InvocationStep[] {
    return this.#steps;
  }

  /** Runs one step, unless the deadline is over; what it throws is recorded and thrown on. */
  run<T>(name: string, work: (notes: StepNotes) => T): T {
    const step: MutableStep = { name, startUs: this.#nowUs(), durationUs: 0, outcome: 'ok' };
    this.#steps.push(step);
    const notes: StepNotes = { onUndo: (undo) => this.#undos.push({ step, undo }) };
    try {
      this.#atBoundary?.(name, 'begin');
      this.#deadline.requireTimeFor(name);
      return work(notes);
    } catch (error) {
      step.outcome = 'error';
      step.error = error instanceof Error ? error.message : String(error);
      throw error;
    } finally {
      this.#atBoundary?.(name, 'end');
      step.durationUs = this.#nowUs() - step.startUs;
      if (notes.command !== undefined) step.command = notes.command;
      if (notes.object !== undefined) step.object = notes.object;
    }
  }

  /** Takes everything back, last step first. @returns what could not be taken back, one sentence each */
  undo(): readonly string[] {
    this.#deadline.beginUndo();
    const problems: string[] = [];
    for (const { step, undo } of this.#undos.splice(0).reverse()) {
      try {
        undo();
        step.undone = true;
      } catch (error) {
        problems.push(`${step.name} could not be undone: ${error instanceof Error ? error.message : String(error)}`);
      }
    }
    return problems;
  }
}
