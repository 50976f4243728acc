import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, rmSync } from 'node:fs';
import { findOnlyChild } from '#lab/machine/namespace-holder.ts';
import { createGroups, removeGroups } from './cgroups.ts';
import { nameWorld, sweepWorlds, type WorldReport, worldDirectory } from './leftovers.ts';

/**
 * Holds the bench: a process of its own, so that whatever ends the one that wanted the bench, somebody is there to clear up.
 * It starts the first process of a pid namespace, in which everything else of the bench will run, says where, and waits until its
 * stdin ends. Then it kills that first process, with which the kernel kills all the others and takes back namespaces,
 * mounts and links, and it removes what outlives them: cgroups and files. Where it is killed itself, the first process dies
 * with it (PR_SET_PDEATHSIG), and the next bench removes the rest.
 */

const FIRST_PROCESS = 'mount -t tmpfs tmpfs /run && ip link set lo up && echo ready && { sleep infinity & wait; }';
const TIES = ['--pdeathsig', 'KILL', 'unshare', '-n', '-m', '-u', '-p', '-f', '--kill-child', '--mount-proc'];

for (const signal of ['SIGINT', 'SIGHUP'] as const) process.on(signal, () => undefined);
await sweepWorlds();
const name = nameWorld(process.pid);
const directory = worldDirectory(name);
mkdirSync(directory, { recursive: true });
await createGroups(name, []);
const unshare = spawn('setpriv', [...TIES, '--propagation', 'private', 'sh', '-c', FIRST_PROCESS], {
  stdio: ['ignore', 'pipe', 'pipe'],
  detached: true,
});
let isEnding = false;
// unshare of util-linux 2.38 complains about its own signal mask when its child is killed: nobody needs to read that.
unshare.stderr.on('data', (chunk: Buffer) => isEnding || process.stderr.write(chunk));
const exited = once(unshare, 'exit');
const ready = await Promise.race([once(unshare.stdout, 'data').then(() => true), exited.then(() => false)]);
const first = await findOnlyChild(unshare.pid ?? 0);
if (ready && first !== undefined) {
  const report: WorldReport = { name, directory, pid: first };
  process.stdout.write(`${JSON.stringify(report)}\n`);
  await Promise.race([waitForEnd(), exited]);
  isEnding = true;
  if (unshare.exitCode === null && unshare.signalCode === null) process.kill(first, 'SIGKILL');
}
await exited;
await removeGroups(name);
rmSync(directory, { recursive: true, force: true });

function waitForEnd(): Promise<void> {
  return new Promise((resolve) => {
    process.on('SIGTERM', resolve);
    process.stdin
      .on('end', resolve)
      .on('error', () => resolve())
      .resume();
  });
}
