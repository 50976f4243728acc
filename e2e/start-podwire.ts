import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { reservePort } from './reserve-port.ts';

export type RunningPodwire = {
  /** `http://127.0.0.1:41234` */
  readonly url: string;
  readonly pid: number;
  /** Temporary and its own: no two servers share a lab, a store or a socket. */
  readonly dataDirectory: string;
  /** What the server printed until now, for the message of a failed test. */
  readonly readOutput: () => string;
  /** Sends the signal and waits until the server and what it started are gone, then removes the data directory. */
  readonly stop: (signal?: 'SIGTERM' | 'SIGKILL') => Promise<void>;
};

type StartWish = {
  readonly hasWeb: boolean;
  /** Settings beside those that every test's server has. */
  readonly environment?: Readonly<Record<string, string>>;
};

const repository = resolve(import.meta.dirname, '..');
const node26 = join(repository, 'node_modules/.bin/node');
const startDeadlineMs = 90_000;

/**
 * Starts the real server with its embedded lab, as `npm start` does, and resolves when it answers. `hasWeb` false leaves
 * the dashboard out, for tests that talk to the API alone. Throws with the server's own words if it does not come up.
 */
export async function startPodwire({ hasWeb, environment = {} }: StartWish): Promise<RunningPodwire> {
  const executable = join(repository, 'dist/podwire');
  if (!existsSync(executable)) throw new Error(`${executable} is missing: npm run build`);
  const dataDirectory = mkdtempSync(join(tmpdir(), 'podwire-e2e-'));
  const url = `http://127.0.0.1:${await reservePort()}`;
  const child = spawn(node26, [join(repository, 'server/main.ts')], {
    cwd: repository,
    env: {
      ...dropSettings(process.env),
      NODE_ENV: 'production',
      PODWIRE_LISTEN: url.slice('http://'.length),
      PODWIRE_DATA: dataDirectory,
      PODWIRE_LAB: 'auto',
      PODWIRE_WEB: hasWeb ? 'on' : 'off',
      ...environment,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  const keep = (text: string): void => {
    output += text;
  };
  child.stdout.setEncoding('utf8').on('data', keep);
  child.stderr.setEncoding('utf8').on('data', keep);
  const podwire: RunningPodwire = {
    url,
    pid: child.pid ?? 0,
    dataDirectory,
    readOutput: () => output,
    stop: (signal = 'SIGTERM') => stopServer(child, dataDirectory, signal),
  };
  try {
    await waitUntilReady(podwire, child);
  } catch (cause) {
    await podwire.stop();
    throw new Error(`the server did not come up:\n${output}`, { cause });
  }
  return podwire;
}

/** Whatever the person who runs the tests has set for a server or a cluster of their own must not reach this one. */
function dropSettings(environment: NodeJS.ProcessEnv): Record<string, string | undefined> {
  const isForeign = (name: string): boolean => /^(PODWIRE_|KUBE)/.test(name);
  return Object.fromEntries(Object.entries(environment).filter(([name]) => !isForeign(name)));
}

async function waitUntilReady(podwire: RunningPodwire, child: ChildProcess): Promise<void> {
  const deadline = Date.now() + startDeadlineMs;
  while (Date.now() < deadline) {
    if (child.exitCode !== null) throw new Error(`the server ended with ${child.exitCode}`);
    const answer = await fetch(`${podwire.url}/readyz`).catch(() => undefined);
    if (answer?.ok) return;
    await sleep(200);
  }
  throw new Error(`not ready within ${startDeadlineMs} ms`);
}

async function stopServer(child: ChildProcess, dataDirectory: string, signal: NodeJS.Signals): Promise<void> {
  if (child.exitCode === null && child.signalCode === null) {
    const exited = once(child, 'exit');
    child.kill(signal);
    const force = setTimeout(() => child.kill('SIGKILL'), 20_000);
    await exited;
    clearTimeout(force);
  }
  await removeDirectory(dataDirectory);
}

/** The lab may still be letting go of its files when the server was killed the hard way. */
async function removeDirectory(path: string): Promise<void> {
  for (let attempt = 0; attempt < 50; attempt += 1) {
    try {
      rmSync(path, { recursive: true, force: true });
      return;
    } catch {
      await sleep(100);
    }
  }
}
