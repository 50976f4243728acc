import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { constants } from 'node:os';

export type CommandOutcome = { readonly exitCode: number; readonly timedOut: boolean };

export type Command = {
  readonly command: string;
  readonly args: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  readonly timeoutMs: number;
};

const GRACE_MS = 10_000;
const runningGroups = new Set<number>();
let stopSignal: NodeJS.Signals | undefined;

/** Signals every process of a group; a group that is gone already is what we wanted. */
const signalGroup = (groupId: number, signal: NodeJS.Signals): void => {
  try {
    process.kill(-groupId, signal);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
};

/** TERM now, KILL after the grace time, for all that the group has left running. */
const stopGroup = (groupId: number): NodeJS.Timeout => {
  signalGroup(groupId, 'SIGTERM');
  return setTimeout(() => signalGroup(groupId, 'SIGKILL'), GRACE_MS);
};

/**
 * From now on INT, TERM and HUP end what `runCommand` has running. A terminal and npm both deliver Ctrl-C, so only the
 * first signal counts.
 */
export function stopCommandsOnSignal(): void {
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.on(signal, () => {
      if (stopSignal !== undefined) return;
      stopSignal = signal;
      for (const groupId of runningGroups) stopGroup(groupId).unref();
    });
  }
}

/** The exit code that tells a shell which signal stopped us, or undefined when none did. */
export const stoppedExitCode = (): number | undefined =>
  stopSignal === undefined ? undefined : 128 + constants.signals[stopSignal];

/**
 * Runs a command with our terminal, in a process group of its own, and ends the whole group with it: when it takes
 * longer than `timeoutMs`, when we are signalled, and (prctl PR_SET_PDEATHSIG) when we are killed.
 */
export async function runCommand({ command, args, env = {}, timeoutMs }: Command): Promise<CommandOutcome> {
  if (stopSignal !== undefined) return { exitCode: 130, timedOut: false };
  const child = spawn('setpriv', ['--pdeathsig', 'TERM', command, ...args], {
    detached: true,
    env: { ...process.env, ...env },
    stdio: ['ignore', 'inherit', 'inherit'],
  });
  const groupId = child.pid;
  if (groupId === undefined) {
    const [error] = await once(child, 'error');
    throw new Error(`could not start ${command}`, { cause: error });
  }
  runningGroups.add(groupId);
  let timedOut = false;
  let killTimer: NodeJS.Timeout | undefined;
  const timer = setTimeout(() => {
    timedOut = true;
    killTimer = stopGroup(groupId);
  }, timeoutMs);
  const [code, signal] = (await once(child, 'exit')) as [number | null, NodeJS.Signals | null];
  clearTimeout(timer);
  clearTimeout(killTimer);
  runningGroups.delete(groupId);
  signalGroup(groupId, 'SIGTERM');
  return { exitCode: code ?? 128 + (signal === null ? 0 : constants.signals[signal]), timedOut };
}
