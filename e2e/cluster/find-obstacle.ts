import { existsSync } from 'node:fs';
import { runCommand } from '#lab/run-command.ts';
import { listHierarchies } from './world/cgroups.ts';

/** Programs of the machine that the bench runs, and the Debian package of each. */
const NEEDS = [
  ['/usr/sbin/runc', 'runc'],
  ['/usr/lib/cni/bridge', 'containernetworking-plugins'],
  ['/usr/sbin/iptables', 'iptables'],
  ['/usr/bin/setpriv', 'util-linux'],
  ['/usr/bin/nsenter', 'util-linux'],
] as const;

/** Why no real cluster can be made here, in a line for a person; undefined where one can. */
export async function findObstacle(): Promise<string | undefined> {
  if (process.getuid?.() !== 0)
    return 'root is needed: kubelets and container runtimes write cgroups and mount file systems';
  if ((await runCommand(['go', 'version'])).exitCode !== 0)
    return 'Go is missing: Kubernetes is built from its Go module';
  const missing = NEEDS.filter(([path]) => !existsSync(path)).map(([, name]) => name);
  if (missing.length > 0) return `missing Debian packages: ${[...new Set(missing)].join(' ')}`;
  if ((await runCommand(['apt-get', '--version'])).exitCode !== 0)
    return 'apt-get is missing: containerd and etcd come from Debian';
  if ((await listHierarchies()).length === 0)
    return 'no cgroups of version 1 are mounted, and the bench knows no others yet';
  return undefined;
}
