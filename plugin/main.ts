import { writeSync } from 'node:fs';
import { runCni } from './cni/run-cni.ts';

/**
 * The one executable on a node: a CNI plugin unless told otherwise. Runtimes call a plugin without arguments.
 * The agent is loaded on demand: a pod does not wait for code it does not use.
 */
async function main(): Promise<number> {
  const command = process.argv[2];
  if (command === undefined) return runCni(process.env, () => Math.round(performance.now() * 1000));
  // The executable starts with the policy of a run that ends in milliseconds; what follows runs long.
  Bun.unsafe.setJITPolicy(1);
  if (command === 'agent') return (await import('./agent/main.ts')).runAgent(process.env);
  if (command === 'snapshot') return (await import('./agent/main.ts')).printSnapshot(process.env);
  writeSync(2, `podwire: unknown command ${command}; known are agent and snapshot, without one it is a CNI plugin\n`);
  return 2;
}

process.exit(await main());
