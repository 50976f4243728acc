import { type ChildProcess, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import { type AddressInfo, createServer, type Server } from 'node:net';
import { join, resolve } from 'node:path';
import { findProblem, LAB_PATH } from './check-requirements.ts';
import { findImages } from './find-images.ts';
import type { LabOptions, LabReport } from './lab-options.ts';
import { findOnlyChild } from './machine/namespace-holder.ts';
import { renderKubeconfig } from './render-kubeconfig.ts';

/**
 * The lab's outside: checks the machine, opens the API's port, starts the inside in throw-away namespaces and hands
 * the port over. When it ends, in whatever way, the kernel ends everything inside.
 */

process.env.PATH = LAB_PATH;
let inside: ChildProcess | undefined;
let isEnding = false;

process.on('SIGTERM', () => end(0));
process.on('SIGINT', () => end(0));
process.on('SIGHUP', () => end(0));
process.stdin
  .on('end', () => end(0))
  .on('error', () => end(0))
  .resume();
process.stdout.on('error', () => end(0));
await start();

async function start(): Promise<void> {
  const directory = resolve(process.env.PODWIRE_LAB_DIR ?? '.podwire/lab');
  const executable = resolve(process.env.PODWIRE_EXECUTABLE ?? 'dist/podwire');
  await mkdir(directory, { recursive: true });
  const collector = process.env.PODWIRE_LAB_COLLECTOR || undefined;
  const problem = await findProblem(executable, collector);
  if (problem !== undefined) return endWithProblem(problem);
  report({ type: 'progress', message: 'looking for busybox and nginx' });
  const images = await findImages(join(directory, 'images'));
  if (!images.ok) return endWithProblem(images.error);
  const options: LabOptions = {
    directory,
    executable,
    ...(collector === undefined ? {} : { collectorSocket: resolve(collector) }),
    story: process.env.PODWIRE_LAB_STORY === 'empty' ? 'empty' : 'default',
    retryMs: Number(process.env.PODWIRE_LAB_RETRY_MS) || 11_000,
    token: randomBytes(24).toString('base64url'),
    images: images.value,
  };
  const listener = createServer();
  await new Promise<void>((listening, failed) => listener.once('error', failed).listen(0, '127.0.0.1', listening));
  const server = `http://127.0.0.1:${(listener.address() as AddressInfo).port}`;
  const kubeconfig = join(directory, 'kubeconfig');
  await writeFile(kubeconfig, renderKubeconfig(server, options.token), { mode: 0o600 });
  inside = startInside({ options, server, listener });
}

/**
 * Three ties between outside and inside, the first two of which the kernel keeps even when a process hangs: `setpriv` ends
 * unshare when the outside dies, `--kill-child` ends the inside's first process when unshare dies (and the kernel with
 * it its pid namespace), and the inside ends itself when the channel closes.
 * The shell is the first process: it reaps the orphans, which Node does not do.
 */
function startInside(wish: { readonly options: LabOptions; readonly server: string; readonly listener: Server }) {
  const ties = ['--pdeathsig', 'KILL', 'unshare', '-Urnm', '-p', '-f', '--kill-child', '--propagation', 'private'];
  const first = ['--mount-proc', 'sh', '-c', '"$@" & wait $!', 'sh'];
  const program = [process.execPath, join(import.meta.dirname, 'inside.ts')];
  const child = spawn('setpriv', [...ties, ...first, ...program], {
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    detached: true,
  });
  // unshare of util-linux 2.38 complains about its own signal mask when its child is killed: nobody needs to read that.
  for (const stream of [child.stdout, child.stderr]) {
    stream?.on('data', (chunk: Buffer) => isEnding || process.stderr.write(chunk));
  }
  child.on('message', (message) => report(message as LabReport));
  child.on('exit', (code) => {
    inside = undefined;
    if (isEnding) process.exit();
    if (process.exitCode === undefined) {
      report({
        type: 'problem',
        message: `the lab's inside ended with ${code}`,
        remedy: 'its reason stands on stderr; start again',
      });
    }
    end(1);
  });
  child.send({ options: wish.options, server: wish.server }, wish.listener, () => wish.listener.close());
  return child;
}

function report(message: LabReport): void {
  process.stdout.write(`${JSON.stringify(message)}\n`);
  if (message.type === 'problem') process.exitCode = 1;
}

function endWithProblem(problem: { readonly message: string; readonly remedy: string }): void {
  report({ type: 'problem', ...problem });
  end(1);
}

/**
 * Ends the inside and exits when it is gone. The first process of the pid namespace is killed, not unshare: the kernel
 * ends it only after every other process of the namespace (pid_namespaces(7)), and unshare waits for it.
 */
function end(code: number): void {
  process.exitCode ??= code;
  if (inside === undefined) process.exit();
  if (isEnding) return;
  isEnding = true;
  const unshare = inside;
  findOnlyChild(unshare.pid ?? 0).then(
    (first) => (first === undefined ? unshare.kill('SIGKILL') : process.kill(first, 'SIGKILL')),
    () => unshare.kill('SIGKILL'),
  );
}
