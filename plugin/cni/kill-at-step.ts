/** Called at both ends of every step, also of one that failed. */
export type StepBoundary = (step: string, side: 'begin' | 'end') => void;

/**
 * For tests only: PODWIRE_TEST_KILL_AT=`veth.create:end` makes the process die there as if killed by the kernel, so that
 * what a killed invocation leaves is tested at every step and not by chance. Absent, as on every node, it costs nothing.
 */
export function parseKillPoint(text: string | undefined): StepBoundary | undefined {
  if (!text) return undefined;
  return (step, side) => {
    if (text === `${step}:${side}`) process.kill(process.pid, 'SIGKILL');
  };
}
