import { statSync } from 'node:fs';
import { join } from 'node:path';
import { listConfigurationFiles } from '#plugin/configuration/list-configuration-files.ts';
import { readConfigurationFile } from '#plugin/configuration/read-configuration-file.ts';
import { describeFileError } from './install-failure.ts';

/** Networks of a directory in the order in which a runtime reads them; none where it is not there. @throws InstallFailure */
export function listNetworkFiles(directory: string): readonly string[] {
  try {
    return listConfigurationFiles(directory).filter(
      (name) => statSync(join(directory, name), { throwIfNoEntry: false })?.isDirectory() !== true,
    );
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw describeFileError(`${directory} cannot be read`, error);
  }
}

/**
 * What keeps a runtime from using our file: others that it reads first. A valid one wins. One that is broken is passed over by
 * CRI-O and keeps containerd from using any network at all.
 * @returns one line each, empty where ours is the first
 */
export function describeOrder(directory: string, ownName: string): readonly string[] {
  return listNetworkFiles(directory)
    .filter((name) => name < ownName)
    .map((name) => {
      const file = readConfigurationFile(join(directory, name));
      if (!file.ok)
        return `broken, and read before ${ownName}: ${file.error}. containerd uses no network while it is there; repair or remove it`;
      return `${file.value.path} comes first: new pods get its network "${file.value.name}", not that of ${ownName}. Remove it, or choose an earlier --conf-name`;
    });
}
