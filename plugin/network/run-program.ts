import type { spawnSync as SpawnSync } from 'node:child_process';
import { nodeFs } from '#plugin/netlink/node-fs.ts';

/** A program of the node is missing or refused; the message is its own. */
export class RulesRefused extends Error {
  override readonly name = 'RulesRefused';
}

/** A program did not end in time, or waited in vain for another one; a retry could succeed. */
export class ProgramTimeout extends Error {
  override readonly name = 'ProgramTimeout';
}

/** All rules of a node with tens of thousands of services. */
const OUTPUT_LIMIT_BYTES = 256 * 1024 * 1024;

/** Runtimes start plugins with little or no PATH. */
const systemFolders = (): readonly string[] => [
  ...(process.env.PATH ?? '').split(':').filter((folder) => folder.startsWith('/')),
  '/usr/sbin',
  '/sbin',
  '/usr/bin',
  '/bin',
];

/** @returns the full path, undefined where no folder has a program of this name that can be executed */
export function findProgram(name: string): string | undefined {
  return systemFolders()
    .map((folder) => `${folder}/${name}`)
    .find(isExecutable);
}

function isExecutable(path: string): boolean {
  const { accessSync, constants } = nodeFs();
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

export type ProgramRun = {
  /** A full path. */
  readonly program: string;
  readonly parameters: readonly string[];
  readonly input: string;
  readonly timeoutMs: number;
};

/**
 * @returns what it printed
 * @throws RulesRefused where it fails; ProgramTimeout where it hangs, or another program holds the lock of iptables
 */
export function runProgram({ program, parameters, input, timeoutMs }: ProgramRun): string {
  // Loaded when needed: once per node, while every ADD would pay for a static import.
  const { spawnSync } = process.getBuiltinModule('node:child_process') as { spawnSync: typeof SpawnSync };
  const { error, status, stdout, stderr } = spawnSync(program, [...parameters], {
    input,
    encoding: 'utf8',
    env: { ...process.env, PATH: systemFolders().join(':'), LC_ALL: 'C' },
    timeout: timeoutMs,
    killSignal: 'SIGKILL',
    maxBuffer: OUTPUT_LIMIT_BYTES,
  });
  if ((error as NodeJS.ErrnoException | undefined)?.code === 'ETIMEDOUT') {
    throw new ProgramTimeout(`${program} did not end within ${timeoutMs} ms`);
  }
  if (error !== undefined) throw new RulesRefused(`${program}: ${error.message}`);
  if (status === 0) return stdout;
  const text = stderr.trim();
  if (text.includes('xtables lock')) throw new ProgramTimeout(`${program}: ${text}`);
  throw new RulesRefused(`${program} exited ${status}: ${text}`);
}
