import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, mkdirSync, openSync, readFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { findOnlyChild } from '#lab/machine/namespace-holder.ts';

export type DaemonPlan = {
  readonly name: string;
  readonly command: readonly string[];
  /** Put in front, to run it inside namespaces. */
  readonly enter: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** Absolute; what it prints is appended. */
  readonly logPath: string;
};

/** A program of the bench that runs until it is told to end: it can be killed as a crash does, and started again. */
export class Daemon {
  readonly name: string;
  readonly #plan: DaemonPlan;
  #child: ChildProcess | undefined;
  #exited: Promise<unknown> = Promise.resolve();

  constructor(plan: DaemonPlan) {
    this.name = plan.name;
    this.#plan = plan;
  }

  get isRunning(): boolean {
    return this.#child !== undefined && this.#child.exitCode === null && this.#child.signalCode === null;
  }

  /** Starts it; that it serves is for the caller to wait for. It dies with the process that `nsenter` stays as. */
  start(): this {
    if (this.isRunning) throw new Error(`${this.name} runs already`);
    const { command, enter, env = {}, logPath } = this.#plan;
    mkdirSync(dirname(logPath), { recursive: true });
    const log = openSync(logPath, 'a');
    const words = [...enter.slice(1), 'setpriv', '--pdeathsig', 'KILL', ...command];
    const child = spawn(enter[0] ?? '', words, {
      stdio: ['ignore', log, log],
      detached: true,
      env: { ...process.env, ...env },
    });
    closeSync(log);
    this.#exited = once(child, 'exit').catch(() => undefined);
    this.#child = child;
    return this;
  }

  /** Signals it and waits until it is gone. One that is gone already is what was wanted. */
  async stop(signal: NodeJS.Signals): Promise<void> {
    if (!this.isRunning) return;
    const pid = await findOnlyChild(this.#child?.pid ?? 0);
    if (pid !== undefined) process.kill(pid, signal);
    await this.#exited;
  }

  /** The end of what it printed, for the message of a test that failed. */
  readLog(lines = 30): string {
    try {
      return readFileSync(this.#plan.logPath, 'utf8').split('\n').slice(-lines).join('\n');
    } catch {
      return '';
    }
  }
}
