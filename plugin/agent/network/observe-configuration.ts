import { readFileSync, statSync } from 'node:fs';
import { placeFiles, removeFile } from '#plugin/install/place-files.ts';
import type { Observation } from './observation.ts';

const MODE = 0o644;

/**
 * The runtime's network: written aside, synced and renamed inside its directory, as `podwire install` does it.
 * @param isManaged asked again afterwards: `podwire uninstall` may have removed the file while it was being written
 */
export function observeConfiguration(path: string, text: string, isManaged: () => boolean): Observation {
  return {
    kind: 'configuration',
    object: path,
    wanted: text,
    state: readState(path, text),
    command: `cat > ${path} <<'EOF'\n${text}EOF`,
    repair: () => {
      placeFiles([{ path, mode: MODE, content: { text } }]);
      if (!isManaged()) removeFile(path);
    },
  };
}

function readState(path: string, text: string): Observation['state'] {
  const status = statSync(path, { throwIfNoEntry: false });
  if (status === undefined) return 'missing';
  if (!status.isFile() || (status.mode & 0o777) !== MODE || status.size !== Buffer.byteLength(text)) return 'changed';
  return readFileSync(path, 'utf8') === text ? 'right' : 'changed';
}
