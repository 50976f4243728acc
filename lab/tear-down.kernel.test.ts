import { spawn } from 'node:child_process';
import { mkdtemp, readdir, readFile, readlink, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { expect, test } from 'vitest';
import type { LabReport } from './lab-options.ts';
import { startTestLab, waitFor } from './start-test-lab.ts';

test.each([
  { way: 'its process is killed with SIGKILL', end: (pid: number) => process.kill(pid, 'SIGKILL') },
  { way: 'its process gets SIGTERM', end: (pid: number) => process.kill(pid, 'SIGTERM') },
])('nothing of the lab is left when $way', { timeout: 60_000 }, async ({ end }) => {
  await using folder = await makeFolder();
  await using lab = await startTestLab({ PODWIRE_LAB_COLLECTOR: join(folder.path, 'collector.sock') });
  await waitFor('the pods', async () => (await lab.getPod('nginx2'))?.status.phase === 'Running');
  const pid = lab.process.pid ?? 0;
  const inside = await findInside(pid);
  expect(inside.size).toBe(1);
  const mountsBefore = await readFile('/proc/self/mountinfo', 'utf8');
  expect(mountsBefore).not.toContain(lab.directory);
  end(pid);
  await waitFor('the end of every process in the user namespace of the lab', async () => {
    return (await listUserNamespaces()).every(({ namespace }) => !inside.has(namespace));
  });
  expect(await readdir(`${lab.directory}/nodes/k8s-node01/root`)).toEqual([]);
});

test('the lab ends when its stdin closes', { timeout: 60_000 }, async () => {
  await using lab = await startTestLab({ PODWIRE_LAB_STORY: 'empty' });
  const inside = await findInside(lab.process.pid ?? 0);
  expect(inside.size).toBe(1);
  const gone = new Promise<number | null>((exited) => lab.process.once('exit', exited));
  lab.process.stdin?.end();
  expect(await gone).toBe(0);
  expect((await listUserNamespaces()).filter(({ namespace }) => inside.has(namespace))).toEqual([]);
});

test('nothing of the lab is left when its parent is killed with SIGKILL', { timeout: 60_000 }, async () => {
  await using folder = await makeFolder();
  const main = JSON.stringify([join(import.meta.dirname, 'main.ts')]);
  const program = `const { spawn } = require('node:child_process');
    spawn(process.execPath, ${main}, { stdio: ['pipe', 'inherit', 'inherit'] });`;
  const parent = spawn(process.execPath, ['--input-type=commonjs', '-e', program], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { PODWIRE_EXECUTABLE: resolve('dist/podwire'), ...process.env, PODWIRE_LAB_DIR: folder.path },
  });
  for await (const line of createInterface(parent.stdout)) {
    if ((JSON.parse(line) as LabReport).type === 'ready') break;
  }
  const inside = await findInside(parent.pid ?? 0);
  expect(inside.size).toBe(1);
  parent.kill('SIGKILL');
  await waitFor('the end of every process in the user namespace of the lab', async () => {
    return (await listUserNamespaces()).every(({ namespace }) => !inside.has(namespace));
  });
});

async function makeFolder(): Promise<AsyncDisposable & { readonly path: string }> {
  const path = await mkdtemp(join(tmpdir(), 'podwire-lab-'));
  return { path, [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true }) };
}

type Entry = { readonly pid: number; readonly parent: number; readonly namespace: string };

/** The user namespaces of all descendants of a process, other than its own. */
async function findInside(root: number): Promise<ReadonlySet<string>> {
  const entries = await listUserNamespaces();
  const own = entries.find(({ pid }) => pid === root)?.namespace;
  const family = new Set([root]);
  for (let size = 0; size !== family.size; ) {
    size = family.size;
    for (const { pid, parent } of entries) if (family.has(parent)) family.add(pid);
  }
  return new Set(
    entries.filter(({ pid, namespace }) => family.has(pid) && namespace !== own).map((each) => each.namespace),
  );
}

async function listUserNamespaces(): Promise<readonly Entry[]> {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name)).map(Number);
  const entries = await Promise.all(
    pids.map(async (pid) => {
      const namespace = await readlink(`/proc/${pid}/ns/user`).catch(() => undefined);
      const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '');
      const parent = Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]);
      return namespace === undefined ? undefined : { pid, parent, namespace };
    }),
  );
  return entries.filter((entry) => entry !== undefined);
}
