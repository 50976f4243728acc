import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Logger } from 'pino';
import { z } from 'zod';
import type { LabClient } from './api/lab-client.ts';
import type { Obstacle } from './config.ts';

/** What the lab prints, one JSON line each. */
const LabLine = z.discriminatedUnion('type', [
  z.object({ type: z.literal('progress'), message: z.string() }),
  z.object({ type: z.literal('ready'), server: z.string(), token: z.string() }),
  z.object({ type: z.literal('problem'), message: z.string(), remedy: z.string().optional() }),
]);

export type LabListener = {
  readonly progress: (message: string) => void;
  readonly ready: (lab: LabClient) => void;
  /** It ended, or could not begin. */
  readonly ended: (obstacle: Obstacle) => void;
};

/** The lab takes its namespaces down when its standard input closes; this is how long each further word waits. */
const TERM_AFTER_MS = 2_000;
const KILL_AFTER_MS = 10_000;
const KEPT_ERROR_LINES = 5;

/** The embedded lab, a process of its own: it ends when its standard input closes, even if this process is killed. */
export class LabProcess implements AsyncDisposable {
  readonly #child: ChildProcess;
  readonly #listener: LabListener;
  readonly #log: Logger;
  readonly #lastErrors: string[] = [];
  #obstacle: Obstacle | undefined;
  #isClosing = false;

  constructor(
    given: {
      readonly script: string;
      readonly folder: string;
      readonly collectorSocket: string;
      readonly executable: string;
    },
    listener: LabListener,
    log: Logger,
  ) {
    this.#listener = listener;
    this.#log = log;
    this.#child = spawn(process.execPath, [given.script], {
      stdio: ['pipe', 'pipe', 'pipe'],
      env: {
        ...process.env,
        PODWIRE_LAB_DIR: given.folder,
        PODWIRE_LAB_COLLECTOR: given.collectorSocket,
        PODWIRE_EXECUTABLE: given.executable,
      },
      // Ctrl-C goes to the whole foreground group; the lab is told by us, in order.
      detached: true,
    });
    const { stdin, stdout, stderr } = this.#child;
    stdin?.on('error', () => this.#log.debug('the lab closed its input'));
    if (stdout !== null) createInterface(stdout).on('line', (line) => this.#readLine(line));
    if (stderr !== null) createInterface(stderr).on('line', (line) => this.#readError(line));
    this.#child.on('error', (error) => this.#end(`The lab cannot be started: ${error.message}.`));
    this.#child.on('close', (code, signal) => this.#end(`The lab ended (${signal ?? `exit code ${code}`}).`));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#isClosing = true;
    const child = this.#child;
    if (child.exitCode !== null || child.signalCode !== null || child.pid === undefined) return;
    const ended = once(child, 'close').then(() => true);
    child.stdin?.end();
    if (await Promise.race([ended, sleep(TERM_AFTER_MS, false, { ref: true })])) return;
    child.kill('SIGTERM');
    if (await Promise.race([ended, sleep(KILL_AFTER_MS - TERM_AFTER_MS, false, { ref: true })])) return;
    this.#log.warn('the lab did not end in 10 s and is killed');
    child.kill('SIGKILL');
    await ended;
  }

  #readLine(line: string): void {
    const parsed = LabLine.safeParse(parseJson(line));
    if (!parsed.success) {
      this.#log.warn({ line }, 'the lab printed a line that is not its protocol');
      return;
    }
    const said = parsed.data;
    if (said.type === 'progress') this.#listener.progress(said.message);
    if (said.type === 'ready') this.#listener.ready(said);
    if (said.type === 'problem') {
      const remedy = `Remedy: ${said.remedy ?? 'PODWIRE_LAB=off starts without the lab.'}`;
      this.#obstacle = { problem: `The lab cannot run: ${said.message}.`, remedy };
    }
  }

  #readError(line: string): void {
    this.#log.info({ lab: line }, 'lab');
    this.#lastErrors.push(line);
    if (this.#lastErrors.length > KEPT_ERROR_LINES) this.#lastErrors.shift();
  }

  #end(problem: string): void {
    if (this.#isClosing) return;
    this.#isClosing = true;
    const said = this.#lastErrors.at(-1);
    const remedy = said === undefined ? 'PODWIRE_LAB=off starts without the lab.' : `It said last: ${said}`;
    this.#listener.ended(this.#obstacle ?? { problem, remedy });
  }
}

function parseJson(line: string): unknown {
  try {
    return JSON.parse(line) as unknown;
  } catch {
    return undefined;
  }
}
