import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import type { WorldReport } from './leftovers.ts';

/** Namespaces, a folder and cgroups in which a whole bench lives, and which go with whoever opened it. */
export type World = AsyncDisposable & {
  /** Also the name of its cgroups. */
  readonly name: string;
  readonly directory: string;
  /** Put in front of a command to run it there: network, mounts and process ids of the bench, files of the machine. */
  readonly enter: readonly string[];
  /** The same for its network alone. */
  readonly enterNetwork: readonly string[];
};

/** @throws with what the keeper printed where the machine does not allow it */
export async function openWorld(): Promise<World> {
  const keeper = spawn(process.execPath, [join(import.meta.dirname, 'keeper.ts')], {
    stdio: ['pipe', 'pipe', 'inherit'],
    detached: true,
  });
  const exited = once(keeper, 'exit');
  const said = once(keeper.stdout, 'data') as Promise<[Buffer]>;
  const first = await Promise.race([said, exited.then(() => undefined)]);
  if (first === undefined) throw new Error('no namespaces for the bench; the reason stands above');
  const { name, directory, pid } = JSON.parse(first[0].toString('utf8')) as WorldReport;
  return {
    name,
    directory,
    enter: ['nsenter', '-t', String(pid), '-n', '-m', '-u', '-p', '--'],
    enterNetwork: ['nsenter', '-t', String(pid), '-n', '--'],
    [Symbol.asyncDispose]: async () => {
      keeper.stdin.end();
      await exited;
    },
  };
}
