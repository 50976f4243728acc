import { execFileSync } from 'node:child_process';
import type { Contender } from './contenders.ts';
import type { CniRun, CniTarget } from './run-cni-verb.ts';

export function createNamespaces(names: readonly string[]): void {
  execFileSync('ip', ['-batch', '-'], { input: names.map((name) => `netns add ${name}\n`).join('') });
}

export function removeNamespaces(names: readonly string[]): void {
  execFileSync('ip', ['-batch', '-'], { input: names.map((name) => `netns del ${name}\n`).join('') });
}

/** A pod is named like its namespace. */
export const locateTarget = (name: string): CniTarget => ({ containerId: name, netns: `/run/netns/${name}` });

/** @returns milliseconds. @throws with what the plugin said where it failed */
export function requireSuccess(contender: Contender, verb: string, run: CniRun): number {
  if (run.exitCode === 0) return run.durationMs;
  throw new Error(`${verb} of ${contender.title} failed (${run.exitCode}): ${run.stdout}${run.stderr}`);
}
