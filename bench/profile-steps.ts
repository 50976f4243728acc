import type { InvocationStep } from '#model/cni/invocation-event.ts';
import { summarizeDurations } from './summarize-durations.ts';

/** An invocation as its journal line tells it, and the whole process as the runtime saw it. */
export type ProfiledRun = {
  readonly wallMs: number;
  readonly durationUs: number;
  readonly steps: readonly Pick<InvocationStep, 'name' | 'startUs' | 'durationUs'>[];
};

export type ProfilePart = { readonly part: string; readonly p50Ms: number };

/**
 * Where the time of a run goes, each part the median of all runs: the engine's start and reading stdin, each step, what lies
 * between the steps, and what the plugin's own clock does not see (exec before it, journal, exit and reaping after it).
 */
export function profileSteps(runs: readonly ProfiledRun[]): readonly ProfilePart[] {
  const names = [...new Set(runs.flatMap(({ steps }) => steps.map(({ name }) => name)))];
  const medianOf = (measure: (run: ProfiledRun) => number): number => summarizeDurations(runs.map(measure)).p50Ms;
  const sumOf = (run: ProfiledRun, name?: string): number =>
    run.steps.reduce((sum, step) => (name === undefined || step.name === name ? sum + step.durationUs : sum), 0) / 1000;
  const startOf = ({ steps, durationUs }: ProfiledRun): number => (steps[0]?.startUs ?? durationUs) / 1000;
  return [
    { part: 'up to the first step', p50Ms: medianOf(startOf) },
    ...names.map((name) => ({ part: name, p50Ms: medianOf((run) => sumOf(run, name)) })),
    { part: 'between the steps', p50Ms: medianOf((run) => run.durationUs / 1000 - startOf(run) - sumOf(run)) },
    { part: "outside the plugin's clock", p50Ms: medianOf((run) => run.wallMs - run.durationUs / 1000) },
  ];
}
