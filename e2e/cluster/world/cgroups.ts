import { existsSync } from 'node:fs';
import { mkdir, readdir, readFile, rmdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';

const MOUNT = '/sys/fs/cgroup';
/** The kernel takes a moment to let go of a group whose last process has died. */
const REMOVE_ATTEMPTS = 100;

/** The mounted hierarchies of cgroup version 1 (cgroups(7)); empty on a machine that has version 2 only. */
export async function listHierarchies(): Promise<readonly string[]> {
  const names = await readdir(MOUNT).catch(() => []);
  return names.map((name) => join(MOUNT, name)).filter((path) => existsSync(join(path, 'tasks')));
}

/**
 * Makes `parent/…names` in every hierarchy: what a kubelet takes for the root of its node. A cpuset is born empty, and no
 * process may enter an empty one (cpuset(7)).
 */
export async function createGroups(parent: string, names: readonly string[]): Promise<void> {
  for (const hierarchy of await listHierarchies()) {
    for (const group of [parent, ...names.map((name) => join(parent, name))]) {
      const path = join(hierarchy, group);
      await mkdir(path, { recursive: true });
      if (existsSync(join(path, 'cpuset.cpus'))) await copyCpuset(join(path, '..'), path);
    }
  }
}

async function copyCpuset(from: string, to: string): Promise<void> {
  for (const file of ['cpuset.cpus', 'cpuset.mems']) {
    await writeFile(join(to, file), await readFile(join(from, file), 'utf8'));
  }
}

/**
 * Removes a group and those below it from every hierarchy; one that is not there is what was wanted. runc makes groups in
 * the hierarchy of version 2 as well, where a machine has both (`unified`).
 */
export async function removeGroups(group: string): Promise<void> {
  const names = await readdir(MOUNT).catch(() => []);
  for (const name of names) await removeTree(join(MOUNT, name, group));
}

/** The names of all groups that stand directly below a root. */
export async function listGroups(): Promise<readonly string[]> {
  const hierarchies = await readdir(MOUNT).catch(() => []);
  return (await Promise.all(hierarchies.map((name) => readdir(join(MOUNT, name)).catch(() => [])))).flat();
}

async function removeTree(path: string): Promise<void> {
  const entries = await readdir(path, { withFileTypes: true }).catch(() => []);
  for (const entry of entries) if (entry.isDirectory()) await removeTree(join(path, entry.name));
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await rmdir(path);
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code === 'ENOENT') return;
      if (code !== 'EBUSY' || attempt === REMOVE_ATTEMPTS) throw error;
      await wait(50);
    }
  }
}
