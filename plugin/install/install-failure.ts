/** What kept an installation from being made. Nothing that a runtime sees was changed; the message has the remedy. */
export class InstallFailure extends Error {
  override readonly name = 'InstallFailure';
}

const REMEDIES: Readonly<Record<string, string>> = {
  ENOSPC: 'the disk is full; free some space and run this again',
  EDQUOT: 'the disk quota is used up; raise it and run this again',
  EROFS: 'the file system is mounted read-only; mount it writable',
  EACCES: 'run this as root, with the directory writable',
  EPERM: 'run this as root, with the directory writable',
  ENOTDIR: 'something in the path is no directory',
};

/** Says in one line what was done to which object, why it failed, and what helps. */
export function describeFileError(action: string, error: unknown): InstallFailure {
  const code = (error as NodeJS.ErrnoException).code ?? '';
  const reason = error instanceof Error ? error.message : String(error);
  const remedy = REMEDIES[code];
  return new InstallFailure(`${action}: ${remedy === undefined ? reason : `${remedy} (${code})`}`, { cause: error });
}
