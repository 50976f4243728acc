import {
  chmodSync,
  closeSync,
  constants,
  fsyncSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { waitForLock } from '#plugin/netlink/wait-for-lock.ts';
import { copyContent, hasSameContent } from './file-content.ts';
import { describeFileError, InstallFailure } from './install-failure.ts';

/** A file as it shall be: bytes of its own, or those of another file. */
export type WantedFile = {
  readonly path: string;
  readonly mode: number;
  readonly content: { readonly text: string } | { readonly copyOf: string };
};

export type Placement = { readonly path: string; readonly isChanged: boolean };

/** Ends in no extension that a runtime reads. */
const DRAFT_PREFIX = '.podwire-draft-';

/** How long another installation into the same directory is waited for. */
const LOCK_TIMEOUT_MS = 60_000;

/**
 * Puts files into place so that nobody ever sees half of one: all are written aside in their own directories and synced,
 * and only when every byte of every one is on the disk are they renamed, in the order given. A program that runs from an
 * old one goes on with that.
 * @throws InstallFailure
 */
export function placeFiles(files: readonly WantedFile[]): readonly Placement[] {
  using locks = new DisposableStack();
  for (const directory of [...new Set(files.map(({ path }) => dirname(path)))].sort()) {
    locks.use(openDirectory(directory));
  }
  const wanted = files.filter((file) => !isInPlace(file));
  try {
    for (const file of wanted) writeDraft(file);
    for (const { path } of wanted) renameIntoPlace(path);
  } catch (error) {
    for (const { path } of wanted) dropDraft(path);
    throw error;
  }
  return files.map((file) => ({ path: file.path, isChanged: wanted.includes(file) }));
}

const draftOf = (path: string): string => join(dirname(path), `${DRAFT_PREFIX}${basename(path)}`);

/** Takes one file away, and sees to it that it stays away. @throws InstallFailure */
export function removeFile(path: string): void {
  try {
    rmSync(path);
    syncPath(dirname(path));
  } catch (error) {
    throw describeFileError(`${path} cannot be removed`, error);
  }
}

/** Makes and locks a directory: two installations at once take turns. Removes what a killed one left. */
function openDirectory(directory: string): Disposable {
  try {
    mkdirSync(directory, { recursive: true, mode: 0o755 });
    const fd = openSync(directory, constants.O_RDONLY | constants.O_DIRECTORY);
    waitForLock(fd, directory, LOCK_TIMEOUT_MS);
    for (const name of readdirSync(directory)) {
      if (name.startsWith(DRAFT_PREFIX)) rmSync(join(directory, name));
    }
    return { [Symbol.dispose]: () => closeSync(fd) };
  } catch (error) {
    throw describeFileError(`${directory} cannot be made ready`, error);
  }
}

function isInPlace({ path, mode, content }: WantedFile): boolean {
  const status = statSync(path, { throwIfNoEntry: false });
  if (status?.isDirectory()) throw new InstallFailure(`${path} is a directory; remove it and run this again`);
  try {
    if (status === undefined || !status.isFile() || (status.mode & 0o777) !== mode) return false;
    if ('text' in content) return status.size < 1024 * 1024 && readFileSync(path, 'utf8') === content.text;
    const source = statSync(content.copyOf);
    if (source.dev === status.dev && source.ino === status.ino) return true;
    return source.size === status.size && hasSameContent(path, content.copyOf);
  } catch {
    return false;
  }
}

function writeDraft({ path, mode, content }: WantedFile): void {
  const draft = draftOf(path);
  try {
    if ('text' in content) writeFileSync(draft, content.text, { flag: 'wx' });
    else copyContent(content.copyOf, draft);
    chmodSync(draft, mode);
    syncPath(draft);
  } catch (error) {
    throw describeFileError(`${path} cannot be written`, error);
  }
}

/** What cannot be removed now, the next installation removes. */
function dropDraft(path: string): void {
  try {
    rmSync(draftOf(path), { force: true });
  } catch {
    // The first failure is the one that is told.
  }
}

function renameIntoPlace(path: string): void {
  try {
    renameSync(draftOf(path), path);
    syncPath(dirname(path));
  } catch (error) {
    throw describeFileError(`${path} cannot be replaced`, error);
  }
}

function syncPath(path: string): void {
  const fd = openSync(path, constants.O_RDONLY);
  try {
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
}
