import { spawn } from 'node:child_process';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

/** A process that does nothing but keep a set of namespaces alive. Everything in them dies with it. */
export type NamespaceHolder = {
  readonly name: string;
  /** Of the first process inside, as the lab sees it. */
  readonly pid: number;
  /** Put in front of a command to run it inside. */
  readonly enter: readonly string[];
  /** The holder's own root directory, as a path of the lab. */
  readonly root: string;
};

const READY = 'ready';

/**
 * Starts a process in new network, mount, uts and pid namespaces, runs `script` there and waits for it.
 * The script is kept in `directory`: process lists stay short and one can read what was done.
 * The last command is a shell that waits: it reaps what is orphaned to it, as the first process of a pid namespace must.
 * `--kill-child` ties the inside to `unshare`, which the kernel ends with the lab's pid namespace.
 */
export async function startNamespaceHolder(
  directory: string,
  name: string,
  setup = 'mount -t proc proc /proc',
): Promise<NamespaceHolder> {
  const script = join(directory, 'start.sh');
  await mkdir(directory, { recursive: true });
  await writeFile(
    script,
    `set -e\nhostname ${name}\nip link set lo up\n${setup}\necho ${READY}\nsleep infinity &\nwait\n`,
  );
  const flags = ['-n', '-m', '-u', '-p', '-f', '--kill-child', '--propagation', 'private'];
  const child = spawn('unshare', [...flags, 'sh', script], { stdio: ['ignore', 'pipe', 'pipe'], detached: true });
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  let stderr = '';
  let stdout = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
  });
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    stdout += text;
    if (stdout.split('\n').includes(READY)) resolve();
  });
  child.on('error', reject);
  child.on('exit', (code) => reject(new Error(`namespaces of ${name} ended with ${code}: ${stderr.trim()}`)));
  await promise;
  const pid = await findOnlyChild(child.pid ?? 0);
  if (pid === undefined) throw new Error(`namespaces of ${name} have no first process`);
  return {
    name,
    pid,
    enter: ['nsenter', '-t', String(pid), '-n', '-m', '-u', '-p', '--'],
    root: `/proc/${pid}/root`,
  };
}

/** The first child of a process, as /proc/PID/task/PID/children lists it; undefined where there is none. */
export async function findOnlyChild(pid: number): Promise<number | undefined> {
  const children = await readFile(`/proc/${pid}/task/${pid}/children`, 'utf8').catch(() => '');
  const first = children.trim().split(' ')[0];
  return first === undefined || first === '' ? undefined : Number(first);
}
