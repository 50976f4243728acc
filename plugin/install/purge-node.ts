import { readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { describeFileError } from './install-failure.ts';

type Places = { readonly binDirectory: string; readonly stateDirectory: string; readonly runDirectory: string };

/**
 * Takes executable, journal, addresses and locks off a node, where no pod has an address of ours any more: those need the
 * executable for their DEL. The folders stay, empty: in a container they are mounts.
 * @returns the paths that were removed, or how many addresses are still held
 * @throws InstallFailure
 */
export function purgeNode({ binDirectory, stateDirectory, runDirectory }: Places): readonly string[] | number {
  const heldCount = countReservations(join(stateDirectory, 'ipam'));
  if (heldCount > 0) return heldCount;
  const paths = [
    ...list(binDirectory)
      .filter((name) => name === 'podwire')
      .map((name) => join(binDirectory, name)),
    ...[stateDirectory, runDirectory].flatMap((folder) => list(folder).map((name) => join(folder, name))),
  ];
  for (const path of paths) {
    try {
      rmSync(path, { recursive: true });
    } catch (error) {
      throw describeFileError(`${path} cannot be removed`, error);
    }
  }
  return paths;
}

/** A file for each address; what else a network's folder has begins with a dot (docs/ipam.md). */
function countReservations(folder: string): number {
  const names = list(folder).flatMap((network) => list(join(folder, network)));
  return names.filter((name) => !name.startsWith('.')).length;
}

function list(folder: string): readonly string[] {
  try {
    return readdirSync(folder);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw describeFileError(`${folder} cannot be read`, error);
  }
}
