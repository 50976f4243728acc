import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { runOrThrow } from '#lab/run-command.ts';
import type { HeldCluster } from './hold-cluster.ts';
import { BUSYBOX_IMAGE } from './pack-images.ts';
import { waitFor } from './wait-for.ts';
import { listGroups } from './world/cgroups.ts';
import { sweepWorlds } from './world/leftovers.ts';

type Held = { readonly holder: ChildProcess; readonly cluster: HeldCluster };

/** A cluster of a process of its own, with a running pod. */
async function holdCluster(): Promise<Held> {
  const holder = spawn(process.execPath, [join(import.meta.dirname, 'hold-cluster.ts')], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const said = once(holder.stdout, 'data') as Promise<[Buffer]>;
  const first = await Promise.race([said, once(holder, 'exit').then(() => undefined)]);
  if (first === undefined) throw new Error('no cluster; the reason stands above');
  const cluster = JSON.parse(first[0].toString('utf8')) as HeldCluster;
  const kubectl = cluster.kubectl.split(' ');
  await runOrThrow([...kubectl, 'run', 'pod', `--image=${BUSYBOX_IMAGE}`]);
  await runOrThrow([...kubectl, 'wait', '--for=condition=Ready', '--timeout=60s', 'pod/pod']);
  return { holder, cluster };
}

/** Processes that are in the cgroups or see the files of a cluster. */
const listProcesses = (world: string): readonly string[] =>
  globSync('/proc/[0-9]*').filter((path) =>
    ['cgroup', 'mountinfo', 'cmdline'].some((file) => {
      try {
        return readFileSync(join(path, file), 'utf8').includes(world);
      } catch {
        return false;
      }
    }),
  );

/** What of a cluster is on the machine. */
const listTraces = async ({ world, directory }: HeldCluster): Promise<readonly string[]> => [
  ...listProcesses(world),
  ...(await listGroups()).filter((name) => name === world),
  ...(existsSync(directory) ? [directory] : []),
];

/** Links, addresses, routes and rules of the machine itself. */
const readMachineNetwork = async (): Promise<readonly string[]> =>
  Promise.all(
    ['ip -o link', 'ip -o addr show scope global', 'ip route', 'nft -s list ruleset'].map((line) =>
      runOrThrow(line.split(' ')),
    ),
  );

test('a cluster that is told to end leaves nothing on the machine, nor did it change the machine’s own network', async () => {
  const before = await readMachineNetwork();
  const { holder, cluster } = await holdCluster();
  expect(await readMachineNetwork()).toEqual(before);
  expect(listProcesses(cluster.world).length).toBeGreaterThan(10);
  const exited = once(holder, 'exit');
  holder.stdin?.end();
  await exited;
  expect(await listTraces(cluster)).toEqual([]);
  expect(await readMachineNetwork()).toEqual(before);
});

test('one whose owner is killed ends all the same', async () => {
  const { holder, cluster } = await holdCluster();
  holder.kill('SIGKILL');
  const explain = () => listTraces(cluster);
  await waitFor({ what: 'nothing left', explain }, async () => (await listTraces(cluster)).length === 0);
});

test('one whose keeper is killed ends too, and what it left is swept by the next', async () => {
  const { holder, cluster } = await holdCluster();
  process.kill(Number(cluster.world.split('-').at(-1)), 'SIGKILL');
  const isGone = async () => listProcesses(cluster.world).length === 0;
  holder.kill('SIGKILL');
  await waitFor({ what: 'no process left', explain: async () => listProcesses(cluster.world) }, isGone);
  expect(await listTraces(cluster)).not.toEqual([]);
  await sweepWorlds();
  expect(await listTraces(cluster)).toEqual([]);
});
