import { findObstacle } from './find-obstacle.ts';
import { providePrograms } from './provide-programs.ts';

/**
 * Builds and fetches what the tests with a real cluster run. Exit codes: 0 it is there, 1 it could not be made, 78 it cannot be on this machine
 * (EX_CONFIG of sysexits.h); the reason is printed.
 */

const say = (line: string): void => void process.stdout.write(`podwire: ${line}\n`);
const obstacle = await findObstacle();
if (obstacle === undefined) {
  await providePrograms(say);
} else {
  say(`no tests with a real cluster here: ${obstacle}`);
  process.exitCode = 78;
}
