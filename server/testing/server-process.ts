import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

/** The file that is the server. */
export const SERVER_MAIN = resolve(import.meta.dirname, '../main.ts');

/** How a server is started. */
export type ServerStart = {
  /** Beside, or instead of, those of `listServerSettings`. */
  readonly settings?: Readonly<Record<string, string>>;
  /** What runs it: a program and its arguments, which the command line of the server follows. */
  readonly launcher?: readonly string[];
};

/** The environment of a server on a free port of loopback: no pages, no lab, no cluster, nothing that goes for its size. */
export function listServerSettings(dataFolder: string): NodeJS.ProcessEnv {
  const { KUBECONFIG: _config, KUBERNETES_SERVICE_HOST: _host, ...environment } = process.env;
  return {
    ...environment,
    PODWIRE_DATA: dataFolder,
    PODWIRE_LISTEN: '127.0.0.1:0',
    PODWIRE_WEB: 'off',
    PODWIRE_LAB: 'off',
    PODWIRE_LOG: 'error',
    PODWIRE_RETENTION_SIZE: 'off',
  };
}

/** The real server, `server/main.ts`, in a process of its own. */
export class ServerProcess implements AsyncDisposable {
  readonly dataFolder: string;
  /** From the spawn until /readyz said yes. */
  readonly readyMs: number;
  readonly url: string;
  readonly #child: ChildProcess;

  private constructor(dataFolder: string, child: ChildProcess, ready: { readonly url: string; readonly ms: number }) {
    this.dataFolder = dataFolder;
    this.#child = child;
    this.url = ready.url;
    this.readyMs = ready.ms;
  }

  get socketPath(): string {
    return join(this.dataFolder, 'run', 'collector.sock');
  }

  /** Without pages and lab; with a cluster where `KUBECONFIG` names a file. Rejects where the server ends before it is ready. */
  static async start(dataFolder: string, given: ServerStart = {}): Promise<ServerProcess> {
    const beganMs = performance.now();
    const [command = '', ...args] = [...(given.launcher ?? []), process.execPath, SERVER_MAIN];
    const child = spawn(command, args, {
      stdio: ['ignore', 'pipe', 'inherit'],
      env: { ...listServerSettings(dataFolder), ...given.settings },
    });
    let said = '';
    child.stdout?.setEncoding('utf8').on('data', (text: string) => {
      said += text;
    });
    let url: string | undefined;
    while (url === undefined) {
      if (child.exitCode !== null) throw new Error(`the server ended with ${child.exitCode}`);
      url = /Podwire is at (\S+)/.exec(said)?.[1];
      await sleep(2);
    }
    while (!(await fetch(`${url}/readyz`)).ok) await sleep(2);
    return new ServerProcess(dataFolder, child, { url, ms: performance.now() - beganMs });
  }

  get pid(): number | undefined {
    return this.#child.pid;
  }

  /** Resident memory, now and at most, in MiB: proc(5). */
  readMemory(): { readonly nowMib: number; readonly mostMib: number } {
    const status = readFileSync(`/proc/${this.#child.pid}/status`, 'utf8');
    const read = (name: string) => Number(new RegExp(`${name}:\\s+(\\d+)`).exec(status)?.[1] ?? Number.NaN) / 1_024;
    return { nowMib: read('VmRSS'), mostMib: read('VmHWM') };
  }

  /** Time on a core since the start, user and system: proc(5). */
  readCpuSeconds(): number {
    const fields = readFileSync(`/proc/${this.#child.pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? [];
    return (Number(fields[11]) + Number(fields[12])) / 100;
  }

  async getJson(path: string): Promise<unknown> {
    const answer = await fetch(`${this.url}${path}`);
    if (!answer.ok) throw new Error(`${path} answered ${answer.status}: ${await answer.text()}`);
    return answer.json();
  }

  async kill(): Promise<void> {
    const ended = once(this.#child, 'close');
    this.#child.kill('SIGKILL');
    await ended;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const ended = once(this.#child, 'close');
    this.#child.kill('SIGTERM');
    await ended;
  }
}
