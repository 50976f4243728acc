import { readdirSync, readFileSync, realpathSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { NetnsId, NetworkNamespace } from '#model/kernel/kernel-snapshot.ts';

/** A network namespace that can be opened under `openPath` as long as it lives. */
export interface FoundNamespace {
  readonly id: NetnsId;
  readonly names: readonly string[];
  readonly kind: NetworkNamespace['kind'];
  readonly openPath: string;
}

/** Where runtimes bind namespaces; usually two names of one folder, then the first one counts: runtimes use it as CNI_NETNS. */
export const namespaceFolders = ['/var/run/netns', '/run/netns'] as const;

/** The agent's own: its main thread is in another one only while it reads, synchronously. */
export const ownNamespacePath = '/proc/self/ns/net';

interface NamespaceFile {
  readonly id: NetnsId;
  readonly path: string;
  /** Device number of nsfs: a plain file of the same name, not bound yet, has another one. */
  readonly device: bigint;
}

/**
 * Lists the network namespaces of this node: the agent's own first, then those bound by name, then those bound anywhere
 * else, then those that only processes hold. Each once, by its inode. What disappears meanwhile is left out.
 * @param withProcesses looks at every process: without, those that are bound nowhere are not found
 */
export function findNamespaces({ withProcesses }: { readonly withProcesses: boolean }): FoundNamespace[] {
  const own = statNamespace(ownNamespacePath);
  if (own === undefined) throw new Error(`cannot stat ${ownNamespacePath}: is /proc mounted?`);
  const names = new Map<NetnsId, string[]>();
  for (const { id, path, device } of listBoundNamespaces(namespaceFolders)) {
    // A plain file of the same name has the inode number of another file system.
    if (device === own.device) names.set(id, [...(names.get(id) ?? []), path]);
  }
  const found = new Map<NetnsId, FoundNamespace>();
  found.set(own.id, { id: own.id, names: names.get(own.id) ?? [], kind: 'root', openPath: ownNamespacePath });
  for (const { id, path } of listMountedNamespaces()) if (!names.has(id)) names.set(id, [path]);
  for (const [id, paths] of names) {
    const [openPath = ''] = paths;
    if (!found.has(id)) found.set(id, { id, names: paths, kind: paths.some(isPodName) ? 'pod' : 'other', openPath });
  }
  for (const { id, path } of withProcesses ? listHeldNamespaces() : []) {
    if (!found.has(id)) found.set(id, { id, names: [], kind: 'other', openPath: path });
  }
  return [...found.values()];
}

/** containerd and podman bind a pod's namespace as `cni-<uuid>`. */
function isPodName(path: string): boolean {
  return path.slice(path.lastIndexOf('/') + 1).startsWith('cni-');
}

function listBoundNamespaces(folders: readonly string[]): NamespaceFile[] {
  const seen = new Set<string>();
  return folders.flatMap((folder) => {
    const real = resolveFolder(folder);
    if (real === undefined || seen.has(real)) return [];
    seen.add(real);
    return listFolder(folder)
      .sort()
      .flatMap((name) => statNamespace(join(folder, name)) ?? []);
  });
}

function resolveFolder(folder: string): string | undefined {
  try {
    return realpathSync(folder);
  } catch {
    return undefined;
  }
}

/**
 * Engines bind namespaces in folders of their own, Docker in /run/docker/netns: one that no process holds is found by its
 * mount alone, `… 0:4 net:[4026532281] /run/docker/netns/1 … - nsfs nsfs rw`. man 5 proc_pid_mountinfo
 */
function listMountedNamespaces(): Pick<NamespaceFile, 'id' | 'path'>[] {
  const mounts = readFileSync('/proc/self/mountinfo', 'utf8').matchAll(/^\d+ \d+ \S+ net:\[(\d+)\] (\S+) /gm);
  return [...mounts].map(([, id = '', path = '']) => ({ id: id as NetnsId, path: unescapePath(path) }));
}

/** White space and backslashes stand in octal there. fs/proc_namespace.c, mangle */
const unescapePath = (path: string): string =>
  path.replace(/\\([0-7]{3})/g, (_, octal: string) => String.fromCharCode(Number.parseInt(octal, 8)));

function listHeldNamespaces(): NamespaceFile[] {
  return listFolder('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((pid) => statNamespace(`/proc/${pid}/ns/net`) ?? []);
}

function listFolder(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}

function statNamespace(path: string): NamespaceFile | undefined {
  try {
    const { ino, dev } = statSync(path, { bigint: true });
    return { id: String(ino) as NetnsId, path, device: dev };
  } catch {
    return undefined;
  }
}
