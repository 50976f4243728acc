import { spawnSync } from 'node:child_process';
import { mkdirSync, renameSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';

/**
 * Builds `dist/podwire`: one executable, bytecode included, so that a run starts in milliseconds.
 * `--splitting` keeps the agent's code out of the plugin's start. No code is compiled to machine code before it ran a
 * hundred times as often as usual: a run of 10 ms never gets that far, and its compiler threads cost more than they gave
 * (the agent sets the usual policy). Nothing is read from the folder that the runtime happens to be in. Built aside and renamed into place: a node that runs the
 * old one is never left with half of a new one.
 */
export function buildExecutable(root: string): number {
  const outcome = join(root, 'dist', 'podwire');
  const draft = `${outcome}.${process.pid}`;
  mkdirSync(dirname(outcome), { recursive: true });
  const options = [
    ...['--compile', '--minify', '--bytecode', '--format=esm', '--splitting', '--compile-jit-policy=100'],
    ...['--no-compile-autoload-dotenv', '--no-compile-autoload-bunfig'],
  ];
  const parameters = ['build', ...options, `--outfile=${draft}`, join(root, 'plugin', 'main.ts')];
  const { status, error } = spawnSync(join(root, 'node_modules', '.bin', 'bun'), parameters, {
    stdio: 'inherit',
    cwd: root,
  });
  if (error !== undefined) process.stderr.write(`bun build did not start: ${error.message}\n`);
  if (status === 0) renameSync(draft, outcome);
  else rmSync(draft, { force: true });
  return status ?? 1;
}

process.exitCode = buildExecutable(join(import.meta.dirname, '..'));
