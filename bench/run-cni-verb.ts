import { spawn, spawnSync } from 'node:child_process';
import type { Contender } from './contenders.ts';

export type CniTarget = { readonly containerId: string; readonly netns: string };

export type CniRun = {
  readonly durationMs: number;
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
};

/** GC is about the network, not about one pod: it has no target. */
type BenchVerb = 'ADD' | 'DEL' | 'GC';

const pluginPath = '/usr/lib/cni';

function buildEnvironment(contender: Contender, verb: BenchVerb, target: CniTarget | undefined): NodeJS.ProcessEnv {
  const environment: Readonly<Record<string, string | undefined>> = {
    ...contender.environment,
    PATH: process.env.PATH,
    CNI_COMMAND: verb,
    ...(target === undefined
      ? {}
      : { CNI_CONTAINERID: target.containerId, CNI_NETNS: target.netns, CNI_IFNAME: 'eth0' }),
    CNI_PATH: pluginPath,
  };
  // Next.js declares NODE_ENV as always there, a plugin knows nothing of it.
  return environment as NodeJS.ProcessEnv;
}

/** One invocation alone, timed as a runtime sees it: from before the spawn until the process is gone and its output read. */
export function runCniVerb(contender: Contender, verb: BenchVerb, target: CniTarget | undefined): CniRun {
  const env = buildEnvironment(contender, verb, target);
  const input = JSON.stringify(contender.configuration);
  const startMs = performance.now();
  const done = spawnSync(contender.executable, [], { env, input, encoding: 'utf8' });
  const durationMs = performance.now() - startMs;
  if (done.error !== undefined) throw new Error(`cannot run ${contender.executable}`, { cause: done.error });
  return { durationMs, exitCode: done.status ?? -1, stdout: done.stdout, stderr: done.stderr };
}

/** The same without waiting, for many at once. */
export function startCniVerb(contender: Contender, verb: BenchVerb, target: CniTarget): Promise<CniRun> {
  const startMs = performance.now();
  const child = spawn(contender.executable, [], { env: buildEnvironment(contender, verb, target) });
  child.stdin.end(JSON.stringify(contender.configuration));
  const output = { stdout: '', stderr: '' };
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    output.stdout += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    output.stderr += text;
  });
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code) => resolve({ durationMs: performance.now() - startMs, exitCode: code ?? -1, ...output }));
  });
}
