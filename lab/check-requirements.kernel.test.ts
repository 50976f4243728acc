import { spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { LabReport } from './lab-options.ts';

let directory: string;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'podwire-lab-'));
});

afterAll(async () => rm(directory, { recursive: true, force: true }));

/** Runs the lab behind a shell line in namespaces of its own that takes something away from it. */
async function startWithout(script: string, executable = resolve('dist/podwire')) {
  const lab = [process.execPath, join(import.meta.dirname, 'main.ts')];
  const child = spawn('unshare', ['-Urm', 'sh', '-e', '-c', `${script}\nexec "$@"`, 'sh', ...lab], {
    stdio: ['pipe', 'pipe', 'inherit'],
    env: { ...process.env, PODWIRE_LAB_DIR: directory, PODWIRE_EXECUTABLE: executable },
  });
  const text = await child.stdout.setEncoding('utf8').reduce((all: string, chunk: string) => all + chunk, '');
  const reports = text
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as LabReport);
  const exitCode = child.exitCode ?? (await new Promise<number | null>((exited) => child.once('exit', exited)));
  return { exitCode, last: reports.at(-1) };
}

test('without an executable the lab says how to build it', async () => {
  const { exitCode, last } = await startWithout(':', join(directory, 'absent'));
  expect(exitCode).toBe(1);
  expect(last).toMatchObject({ type: 'problem', remedy: 'npm run build' });
});

test('where user namespaces are forbidden the lab names the setting', async () => {
  const { exitCode, last } = await startWithout('echo 0 > /proc/sys/user/max_user_namespaces');
  expect(exitCode).toBe(1);
  expect(last).toMatchObject({ type: 'problem', remedy: 'sysctl -w user.max_user_namespaces=10000' });
});

test('without iptables the lab names the Debian package', async () => {
  const { exitCode, last } = await startWithout('mount --bind /dev/null "$(readlink -f /usr/sbin/iptables)"');
  expect(exitCode).toBe(1);
  expect(last).toMatchObject({
    type: 'problem',
    message: 'the program iptables is missing',
    remedy: 'apt-get install iptables',
  });
});
