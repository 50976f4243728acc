import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { describe, expect, it, vi } from 'vitest';
import { runCommand } from './run-command.ts';

const sh = (script: string, timeoutMs = 20_000) => runCommand({ command: 'sh', args: ['-c', script], timeoutMs });

/** A zombie has ended: only its parent has not looked yet. */
const isRunning = (pid: number): boolean => {
  try {
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
  } catch {
    return false;
  }
};

/** A runner that runs one shell, which tells the pids of itself and of a background process, and waits. */
const startRunner = async () => {
  const module = resolve(import.meta.dirname, 'run-command.ts');
  const program = `
    import { runCommand, stopCommandsOnSignal, stoppedExitCode } from '${module}';
    stopCommandsOnSignal();
    await runCommand({ command: 'sh', args: ['-c', 'sleep 300 & echo $$ $!; wait'], timeoutMs: 300_000 });
    process.exitCode = stoppedExitCode() ?? 0;`;
  const runner = spawn(process.execPath, ['--input-type=module', '--eval', program], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const exited = once(runner, 'exit');
  const [line] = (await once(runner.stdout.setEncoding('utf8'), 'data')) as [string];
  return { runner, exited, pids: line.trim().split(' ').map(Number) };
};

describe('a command of the checks and tests', () => {
  it('reports the exit code, of a signal too', async () => {
    expect(await sh('exit 7')).toEqual({ exitCode: 7, timedOut: false });
    expect(await sh('kill -KILL $$')).toEqual({ exitCode: 137, timedOut: false });
  });

  it('is ended when it takes too long', async () => {
    expect(await sh('sleep 300', 100)).toEqual({ exitCode: 143, timedOut: true });
  });

  it('fails when the program is not there', async () => {
    expect((await runCommand({ command: '/nonexistent', args: [], timeoutMs: 20_000 })).exitCode).toBe(127);
  });

  it('leaves no process behind when the runner is told to stop', async () => {
    const { runner, exited, pids } = await startRunner();
    expect(pids.map(isRunning)).toEqual([true, true]);
    runner.kill('SIGTERM');
    runner.kill('SIGTERM');
    expect(await exited).toEqual([143, null]);
    await vi.waitFor(() => expect(pids.map(isRunning)).toEqual([false, false]), 10_000);
  });

  it('ends when the runner is killed', async () => {
    const { runner, exited, pids } = await startRunner();
    runner.kill('SIGKILL');
    await exited;
    await vi.waitFor(() => expect(isRunning(pids[0] ?? 0)).toBe(false), 10_000);
    process.kill(pids[1] ?? 0, 'SIGKILL');
  });
});
