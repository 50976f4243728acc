import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { findOnlyChild } from '#lab/machine/namespace-holder.ts';
import type { World } from './open-world.ts';

/** One machine of the bench: a network namespace, mounts, a host name and process ids of its own. */
export type Namespaces = {
  readonly name: string;
  /** Of its first process, as seen from outside. */
  readonly pid: number;
  /** Put in front of a command to run it inside. */
  readonly enter: readonly string[];
  /** Its root directory, as a path outside. */
  readonly root: string;
};

/**
 * Starts a process in namespaces below those of the world, runs the shell lines of `setup` there, and waits for them.
 * It stays as process 1, which reaps orphans; the lines are kept in a file, so that one can read what was done.
 * @throws with what the shell printed where a line fails
 */
export async function startNamespaces(world: World, name: string, setup: string): Promise<Namespaces> {
  const script = join(world.directory, 'start', `${name}.sh`);
  await mkdir(join(script, '..'), { recursive: true });
  await writeFile(
    script,
    `set -e\nhostname ${name}\nip link set lo up\n${setup}\necho ready\nsleep infinity &\nwait\n`,
  );
  const unshare = ['unshare', '-n', '-m', '-u', '-p', '-f', '--kill-child', '--propagation', 'private', 'sh', script];
  const [program = '', ...words] = [...world.enter, ...unshare];
  const child = spawn(program, words, { stdio: ['ignore', 'pipe', 'pipe'], detached: true });
  let problem = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    problem += text;
  });
  const ended = once(child, 'close').then(() => false);
  const isReady = await Promise.race([once(child.stdout, 'data').then(() => true), ended]);
  if (!isReady) throw new Error(`the namespaces of ${name} were not made: ${problem.trim()}`);
  child.unref();
  // nsenter forks unshare, unshare forks the shell.
  const pid = await findOnlyChild((await findOnlyChild(child.pid ?? 0)) ?? 0);
  if (pid === undefined) throw new Error(`the namespaces of ${name} ended at once: ${problem.trim()}`);
  return {
    name,
    pid,
    enter: ['nsenter', '-t', String(pid), '-n', '-m', '-u', '-p', '--'],
    root: `/proc/${pid}/root`,
  };
}
