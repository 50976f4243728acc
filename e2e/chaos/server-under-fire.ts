import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join, resolve } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';

const repository = resolve(import.meta.dirname, '../..');
const POLL_MS = 50;
const READY_WITHIN_MS = 60_000;

export type ServerPlace = {
  readonly port: number;
  readonly dataDirectory: string;
  readonly kubeconfig: string;
};

/** The real server as a process of its own that is killed and started again on the same data, as often as one likes. */
export class ServerUnderFire {
  readonly url: string;
  readonly #place: ServerPlace;
  #child: ChildProcess | undefined;
  #output = '';

  constructor(place: ServerPlace) {
    this.url = `http://127.0.0.1:${place.port}`;
    this.#place = place;
  }

  /** Resolves when it answers. @throws with its own words where it does not come up */
  async start(): Promise<void> {
    const { port, dataDirectory, kubeconfig } = this.#place;
    const child = spawn(process.execPath, [join(repository, 'server/main.ts')], {
      cwd: repository,
      env: {
        PATH: process.env.PATH ?? '',
        NODE_ENV: 'production',
        PODWIRE_LISTEN: `127.0.0.1:${port}`,
        PODWIRE_DATA: dataDirectory,
        PODWIRE_WEB: 'off',
        KUBECONFIG: kubeconfig,
      },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.#child = child;
    this.#output = '';
    for (const stream of [child.stdout, child.stderr]) {
      stream?.setEncoding('utf8').on('data', (text: string) => {
        this.#output += text;
      });
    }
    const deadlineMs = performance.now() + READY_WITHIN_MS;
    while (!(await this.#isReady())) {
      if (child.exitCode !== null || performance.now() > deadlineMs) {
        throw new Error(`the server did not come up:\n${this.#output}`);
      }
      await wait(POLL_MS);
    }
  }

  /** As a crash does. */
  async kill(): Promise<void> {
    const child = this.#child;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const gone = once(child, 'exit');
    child.kill('SIGKILL');
    await gone;
  }

  async #isReady(): Promise<boolean> {
    const answer = await fetch(`${this.url}/readyz`).catch(() => undefined);
    await answer?.body?.cancel();
    return answer?.ok === true;
  }
}
