import { once } from 'node:events';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { EXECUTABLE, type KernelWorld, openKernelWorld } from '#plugin/testing/kernel-world.ts';
import type { FuzzReport } from './fuzz/run-fuzz.ts';

const PROGRAM = join(import.meta.dirname, 'fuzz', 'main.ts');

/** PODWIRE_FUZZ_SEED repeats a run, PODWIRE_FUZZ_INPUTS makes it longer. */
const SEED = Number(process.env.PODWIRE_FUZZ_SEED ?? 20_000);
const INPUTS = Number(process.env.PODWIRE_FUZZ_INPUTS ?? 20_000);

/** Four minutes on two idle cores; this is for a machine that does much else. */
const TIMEOUT_MS = 30 * 60_000;

async function fuzz(world: KernelWorld, executable: string, inputs: number): Promise<FuzzReport> {
  // One process inside the world starts all others: entering it for each would double the time.
  const child = world.spawn([process.execPath, PROGRAM, executable, String(SEED), String(inputs)]);
  let stdout = '';
  let stderr = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    stdout += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
  });
  const [exitCode] = (await once(child, 'close')) as [number | null];
  if (exitCode !== 0) throw new Error(`the fuzz run ended with ${exitCode}: ${stderr}`);
  return JSON.parse(stdout) as FuzzReport;
}

/** Says no to everything; to some it does more. */
const BROKEN_PLUGIN = `#!/bin/sh
case "$CNI_COMMAND $CNI_CONTAINERID" in
  "ADD resident") echo '{}'; exit;;
  *fuzz-4?) ip link add left-behind type bridge;;
  *fuzz-5?) kill -SEGV $$;;
  *fuzz-6?) echo no JSON; exit 1;;
esac
echo '{"cniVersion":"1.1.0","code":7,"msg":"no"}'
exit 1
`;

it('the run finds a link that was left, an end by a signal and an answer that is none', async () => {
  using world = await openKernelWorld();
  world.try(['tee', '/run/broken'], BROKEN_PLUGIN);
  world.exec('chmod', '+x', '/run/broken');
  const { findings } = await fuzz(world, '/run/broken', 100);
  const problems = findings.map(({ problem }) => problem).join('\n');
  expect(problems).toContain('left-behind');
  expect(problems).toContain('ended by SIGSEGV');
  expect(problems).toContain('no error object');
});

it(`${INPUTS} damaged inputs (seed ${SEED}): always an answer, never a trace of those that fail`, {
  timeout: TIMEOUT_MS,
}, async () => {
  using world = await openKernelWorld();
  const { inputs, outcomes, findings } = await fuzz(world, EXECUTABLE, INPUTS);
  console.log(`fuzz: seed ${SEED}, ${inputs} inputs: ${JSON.stringify(outcomes)}`);
  expect(findings).toEqual([]);
  expect(inputs).toBe(INPUTS);
  // The inputs get past the first check: some are still valid, others are refused by the store and by the kernel.
  for (const outcome of [
    'ADD ok',
    'ADD 4',
    'ADD 6',
    'ADD 7',
    'ADD 8',
    'ADD 100',
    'ADD 102',
    'DEL ok',
    'GC ok',
    'STATUS 50',
  ]) {
    expect(Object.keys(outcomes)).toContain(outcome);
  }
});
