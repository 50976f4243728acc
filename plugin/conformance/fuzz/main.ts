import { FuzzWorld } from './fuzz-world.ts';
import { FuzzRun } from './run-fuzz.ts';

/** Runs inside a kernel world: <executable> <seed> <inputs>. Prints a report as JSON. */
const [, , executable = '', seed = '1', inputs = '1'] = process.argv;
const plan = { seed: Number(seed), lanes: 4, batch: 250 };
const report = await new FuzzRun(new FuzzWorld(executable), plan).run(Number(inputs));
process.stdout.write(`${JSON.stringify(report)}\n`);
