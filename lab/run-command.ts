import { spawn } from 'node:child_process';

export type CommandOutcome = { readonly exitCode: number; readonly stdout: string; readonly stderr: string };

export type CommandOptions = {
  readonly stdin?: string;
  /** The whole environment of the command; that of this process where absent. */
  readonly env?: Readonly<Record<string, string>>;
  /** After this time the command and everything it started are killed; exit code 124 as timeout(1) does it. */
  readonly timeoutMs?: number;
};

const DEFAULT_TIMEOUT_MS = 60_000;
const MAX_OUTPUT_CHARACTERS = 1_000_000;

/**
 * Runs one command to its end. It never rejects: a command that cannot be started answers 127 with the reason on stderr.
 * The command leads its own process group, so that a timeout also reaches what `nsenter -p` forked.
 */
export function runCommand(command: readonly string[], options: CommandOptions = {}): Promise<CommandOutcome> {
  const { promise, resolve } = Promise.withResolvers<CommandOutcome>();
  const child = spawn(command[0] ?? '', command.slice(1), {
    detached: true,
    stdio: ['pipe', 'pipe', 'pipe'],
    ...(options.env === undefined ? {} : { env: { ...options.env } as unknown as NodeJS.ProcessEnv }),
  });
  let stdout = '';
  let stderr = '';
  let hasTimedOut = false;
  const timer = setTimeout(() => {
    hasTimedOut = true;
    killGroup(child.pid);
  }, options.timeoutMs ?? DEFAULT_TIMEOUT_MS);
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    if (stdout.length < MAX_OUTPUT_CHARACTERS) stdout += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    if (stderr.length < MAX_OUTPUT_CHARACTERS) stderr += text;
  });
  // A command that does not read its input closes the pipe: its exit code says what is to be said.
  child.stdin.on('error', () => undefined);
  child.stdin.end(options.stdin ?? '');
  child.on('error', (error) => {
    clearTimeout(timer);
    resolve({ exitCode: 127, stdout, stderr: `${stderr}${error.message}` });
  });
  child.on('close', (code) => {
    clearTimeout(timer);
    const exitCode = hasTimedOut ? 124 : (code ?? 128);
    resolve({ exitCode, stdout, stderr: hasTimedOut ? `${stderr}timed out\n` : stderr });
  });
  return promise;
}

/** Kills a process group; a group that is gone already is what was wanted. */
export function killGroup(leader: number | undefined, signal: NodeJS.Signals = 'SIGKILL'): void {
  if (leader === undefined) return;
  try {
    process.kill(-leader, signal);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}

/** Runs a command that has to succeed; the error names it and repeats what it said. */
export async function runOrThrow(command: readonly string[], options: CommandOptions = {}): Promise<string> {
  const outcome = await runCommand(command, options);
  if (outcome.exitCode !== 0) {
    const line = command.join(' ').slice(0, 200);
    throw new Error(`\`${line}\` ended with ${outcome.exitCode}: ${outcome.stderr.trim() || outcome.stdout.trim()}`);
  }
  return outcome.stdout;
}
