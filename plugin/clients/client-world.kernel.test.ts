import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { setTimeout as wait } from 'node:timers/promises';
import { afterAll, describe, expect, it } from 'vitest';
import { findClientObstacle } from './client-world.ts';
import { CONTAINERD_NEEDS } from './containerd-daemon.ts';

const obstacle = findClientObstacle(CONTAINERD_NEEDS);
if (obstacle !== undefined) console.warn(`skipped: what a killed test with containerd leaves (${obstacle})`);

/** A test of its own process: it runs a pod sandbox, says where, and never ends by itself. */
const TEST = `
const { ClientWorld } = await import(folder + '/client-world.ts');
const { CONTAINERD_SOCKET, startContainerd } = await import(folder + '/containerd-daemon.ts');
const { CriClient } = await import(folder + '/cri-client.ts');
const { configurePodNetwork } = await import(folder + '/pod-network.ts');
const world = await ClientWorld.open();
await startContainerd(world);
configurePodNetwork(world);
const cri = new CriClient(world.outsidePath(CONTAINERD_SOCKET));
await cri.untilNetwork(true);
console.log(JSON.stringify({ worldPid: world.pid, sandbox: await cri.runPodSandbox('web') }));
setInterval(() => undefined, 60_000);`;

const tests: ChildProcess[] = [];
afterAll(() => {
  for (const test of tests) test.kill('SIGKILL');
});

async function startTest(): Promise<{ testPid: number; worldPid: number; sandbox: string }> {
  const script = `const folder = ${JSON.stringify(import.meta.dirname)};${TEST}`;
  const test = spawn(process.execPath, ['--input-type=module', '-e', script], { stdio: ['ignore', 'pipe', 'inherit'] });
  tests.push(test);
  const [line] = (await once(test.stdout, 'data')) as [Buffer];
  return { testPid: test.pid ?? 0, ...JSON.parse(line.toString()) };
}

/** Process ids of everything in the user namespace of a world. */
function listInside(userNamespace: string): readonly string[] {
  return readdirSync('/proc').filter((name) => /^\d+$/.test(name) && readUserNamespace(name) === userNamespace);
}

function readUserNamespace(pid: string | number): string | undefined {
  try {
    return readlinkSync(`/proc/${pid}/ns/user`);
  } catch {
    return undefined;
  }
}

const readParent = (pid: number): number =>
  Number(/^PPid:\t(\d+)$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]);

/** Whatever of a sandbox is named in the mounts of this process and in the cgroups of the machine. */
function listTraces(sandbox: string): readonly string[] {
  const mounts = readFileSync('/proc/self/mountinfo', 'utf8').split('\n');
  // Other cgroups come and go meanwhile, so that the exit code of find says nothing.
  const cgroups = spawnSync('find', ['/sys/fs/cgroup', '-name', `*${sandbox}*`], { encoding: 'utf8' });
  return [...mounts.filter((mount) => mount.includes(sandbox)), ...cgroups.stdout.split('\n').filter(Boolean)];
}

describe.skipIf(obstacle !== undefined)('of a node with containerd and a pod', () => {
  it.each([
    { way: 'the test', pick: ({ testPid }: { testPid: number }) => testPid },
    { way: 'the holder of its namespaces', pick: ({ worldPid }: { worldPid: number }) => readParent(worldPid) },
    { way: 'its first process', pick: ({ worldPid }: { worldPid: number }) => worldPid },
  ])('nothing is left when $way is killed', async ({ pick }) => {
    const test = await startTest();
    const userNamespace = readUserNamespace(test.worldPid) ?? 'none';
    expect(userNamespace).not.toBe(readUserNamespace('self'));
    // The shell, its cat, containerd, the shim and the container.
    expect(listInside(userNamespace).length).toBeGreaterThan(4);
    expect(readFileSync(`/proc/${test.worldPid}/mountinfo`, 'utf8')).toContain(test.sandbox);
    process.kill(pick(test), 'SIGKILL');
    while (listInside(userNamespace).length > 0) await wait(20);
    expect(listTraces(test.sandbox)).toEqual([]);
  });
});
