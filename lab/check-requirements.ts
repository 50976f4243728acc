import { access, constants, readFile } from 'node:fs/promises';
import { delimiter, dirname, join } from 'node:path';
import type { LabProblem } from './find-images.ts';
import { runCommand } from './run-command.ts';

/** Programs the lab cannot do without, and the Debian package of each. */
const PROGRAMS: readonly (readonly [program: string, debianPackage: string])[] = [
  ['unshare', 'util-linux'],
  ['nsenter', 'util-linux'],
  ['setpriv', 'util-linux'],
  ['mount', 'mount'],
  ['hostname', 'hostname'],
  ['ip', 'iproute2'],
  ['iptables', 'iptables'],
];

/** PATH of everything the lab runs: an ordinary user's often lacks the sbin directories. */
export const LAB_PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

/** The first thing that keeps the lab from starting, with its remedy; undefined when nothing does. */
export async function findProblem(executable: string, collectorSocket?: string): Promise<LabProblem | undefined> {
  for (const [program, debianPackage] of PROGRAMS) {
    if (!(await isOnPath(program))) {
      return { message: `the program ${program} is missing`, remedy: `apt-get install ${debianPackage}` };
    }
  }
  if (!(await isExecutable(executable))) {
    return { message: `${executable} is not there or not executable`, remedy: 'npm run build' };
  }
  if (collectorSocket !== undefined && !(await isExecutable(dirname(collectorSocket)))) {
    return { message: `the folder of ${collectorSocket} is not there`, remedy: 'start the collector first: npm start' };
  }
  const trial = await runCommand(['unshare', '-Urnm', '-p', '-f', '--mount-proc', 'ip', 'link', 'set', 'lo', 'up']);
  if (trial.exitCode === 0) return undefined;
  return {
    message: `the kernel does not let this user make namespaces: ${trial.stderr.trim()}`,
    remedy: await findNamespaceRemedy(),
  };
}

/** The setting that forbids user namespaces, as far as it can be told. */
async function findNamespaceRemedy(): Promise<string> {
  const read = async (path: string) => (await readFile(path, 'utf8').catch(() => '')).trim();
  if ((await read('/proc/sys/kernel/unprivileged_userns_clone')) === '0') {
    return 'sysctl -w kernel.unprivileged_userns_clone=1';
  }
  if ((await read('/proc/sys/user/max_user_namespaces')) === '0') return 'sysctl -w user.max_user_namespaces=10000';
  if ((await read('/proc/sys/kernel/apparmor_restrict_unprivileged_userns')) === '1') {
    return 'sysctl -w kernel.apparmor_restrict_unprivileged_userns=0';
  }
  return 'run outside a container, or in one that may use unshare(2): --security-opt seccomp=unconfined --cap-add SYS_ADMIN';
}

async function isOnPath(program: string): Promise<boolean> {
  for (const directory of LAB_PATH.split(delimiter)) if (await isExecutable(join(directory, program))) return true;
  return false;
}

async function isExecutable(path: string): Promise<boolean> {
  return await access(path, constants.X_OK).then(
    () => true,
    () => false,
  );
}
