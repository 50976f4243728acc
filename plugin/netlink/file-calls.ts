import { errnoName } from './errno-names.ts';
import { libc, readErrno } from './libc.ts';
import { nodeFs } from './node-fs.ts';

/**
 * What every ADD and DEL does with files, by system calls. node:fs does the same and is used everywhere else; loading it costs
 * each pod 1 ms of 8.
 */

/** `code` is the errno's name, as with an error of node:fs. */
export class FileError extends Error {
  override readonly name = 'FileError';
  readonly syscall: string;
  readonly code: string;
  readonly path: string;

  constructor(syscall: string, errno: number, path: string) {
    super(`${syscall} ${path}: ${errnoName(errno)}`);
    this.syscall = syscall;
    this.code = errnoName(errno);
    this.path = path;
  }
}

/** include/uapi/asm-generic/fcntl.h; the same on x86-64 and arm64. */
export const OPEN = {
  READ: 0,
  WRITE: 0o1,
  CREATE: 0o100,
  EXCLUSIVE: 0o200,
  TRUNCATE: 0o1000,
  APPEND: 0o2000,
  NON_BLOCKING: 0o4000,
} as const;
const CLOSE_ON_EXEC = 0o2000000;

/** include/uapi/asm-generic/errno-base.h */
const ENOENT = 2;
const EINTR = 4;

const CHUNK_BYTES = 16 * 1024;

const encodePath = (path: string): Uint8Array => new TextEncoder().encode(`${path}\0`);

function checked(outcome: number | bigint, syscall: string, path: string): number {
  if (outcome < 0) throw new FileError(syscall, readErrno(), path);
  return Number(outcome);
}

/** open(2), close-on-exec. @returns a descriptor. @throws FileError */
export function openFile(path: string, flags: number, mode = 0): number {
  return checked(libc().open(encodePath(path), flags | CLOSE_ON_EXEC, mode), 'open', path);
}

/** The same, undefined where there is no such file. */
export function openExisting(path: string, flags: number): number | undefined {
  return existing(libc().open(encodePath(path), flags | CLOSE_ON_EXEC, 0), 'open', path);
}

/**
 * openat(2) for reading.
 * @param directory an open one that `path` begins in; absent: `path` is absolute
 * @returns undefined where there is no such file, or it is not ours to read
 */
export function openReadable(path: string, directory = WORKING_DIRECTORY): number | undefined {
  const outcome = libc().openat(directory, encodePath(path), OPEN.READ | CLOSE_ON_EXEC, 0);
  if (outcome < 0 && unreadable.has(errnoName(readErrno()))) return undefined;
  return checked(outcome, 'open', path);
}

const unreadable: ReadonlySet<string> = new Set(['ENOENT', 'EACCES', 'EPERM']);

/** @returns undefined where the call failed for want of the file */
function existing(outcome: number, syscall: string, path: string): number | undefined {
  if (outcome >= 0) return outcome;
  const errno = readErrno();
  if (errno === ENOENT) return undefined;
  throw new FileError(syscall, errno, path);
}

/** read(2), again after a signal. @returns bytes read, 0 at the end */
export function readInto(fd: number, buffer: Uint8Array): number {
  for (;;) {
    const length = libc().read(fd, buffer, buffer.byteLength);
    if (length >= 0) return Number(length);
    const errno = readErrno();
    if (errno !== EINTR) throw new FileError('read', errno, `descriptor ${fd}`);
  }
}

/** pread(2) from the first byte, of a small file of /proc. @returns bytes read; undefined where what the file told of is gone */
export function readAtStart(fd: number, buffer: Uint8Array): number | undefined {
  const length = libc().pread(fd, buffer, buffer.byteLength, 0);
  return length < 0 ? undefined : length;
}

/** write(2), again after a signal. @returns bytes written, which may be fewer */
export function writeFrom(fd: number, bytes: Uint8Array): number {
  for (;;) {
    const length = libc().write(fd, bytes, bytes.byteLength);
    if (length >= 0) return Number(length);
    const errno = readErrno();
    if (errno !== EINTR) throw new FileError('write', errno, `descriptor ${fd}`);
  }
}

/** A whole file as UTF-8. @returns undefined where there is none */
export function readExistingText(path: string): string | undefined {
  const fd = openExisting(path, OPEN.READ);
  if (fd === undefined) return undefined;
  try {
    const decoder = new TextDecoder();
    const chunk = new Uint8Array(CHUNK_BYTES);
    let text = '';
    for (let length = readInto(fd, chunk); length > 0; length = readInto(fd, chunk)) {
      text += decoder.decode(chunk.subarray(0, length), { stream: true });
    }
    return text + decoder.decode();
  } finally {
    closeFile(fd);
  }
}

/** @throws FileError, also where there is no such file */
export function readText(path: string): string {
  const text = readExistingText(path);
  if (text === undefined) throw new FileError('open', ENOENT, path);
  return text;
}

/** All of it, in one write(2) as a rule. @throws FileError, ENOSPC where the disk is full */
export function writeText(fd: number, text: string): void {
  writeBytes(fd, new TextEncoder().encode(text));
}

function writeBytes(fd: number, bytes: Uint8Array): void {
  let rest = bytes;
  while (rest.byteLength > 0) rest = rest.subarray(writeFrom(fd, rest));
}

/** Makes or replaces the content of a file. */
export function writeTextFile(path: string, text: string, mode = 0o644): void {
  const fd = openFile(path, OPEN.WRITE | OPEN.CREATE | OPEN.TRUNCATE, mode);
  try {
    writeText(fd, text);
  } finally {
    closeFile(fd);
  }
}

const SPACE = 0x20;
const GROWTH_BYTES = 1024;

/**
 * Gives a JSON file that is read under a lock another content, filled up with spaces. In place where it fits, by one write(2),
 * which no signal cuts short: a rename over a file makes ext4 find room on the disk for the new one at once, 0.3 ms
 * (ext4_rename() of fs/ext4/namei.c).
 */
export function rewriteText(path: string, text: string): void {
  const content = new TextEncoder().encode(text);
  const sizeBytes = readFileStatus(path)?.sizeBytes ?? 0;
  const isFitting = content.byteLength <= sizeBytes;
  const draft = isFitting ? path : `${path}.new`;
  const filled = new Uint8Array(
    isFitting ? sizeBytes : Math.ceil(content.byteLength / GROWTH_BYTES) * GROWTH_BYTES,
  ).fill(SPACE);
  filled.set(content);
  const fd = openFile(draft, isFitting ? OPEN.WRITE : OPEN.WRITE | OPEN.CREATE | OPEN.TRUNCATE, 0o644);
  try {
    writeBytes(fd, filled);
  } finally {
    closeFile(fd);
  }
  if (!isFitting) renameFile(draft, path);
}

/** Appears complete or not at all, in a folder that is made where it is missing. */
export function replaceTextFile(path: string, text: string, mode: number): void {
  const draft = `${path}.${process.pid}`;
  inFolderOf(path, () => writeTextFile(draft, text, mode));
  renameFile(draft, path);
}

/** Runs `work`, which makes a file, again after its folder was made, if it was missing. */
export function inFolderOf<T>(path: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    if (!(error instanceof FileError && error.code === 'ENOENT')) throw error;
    nodeFs().mkdirSync(path.slice(0, path.lastIndexOf('/')), { recursive: true, mode: 0o755 });
    return work();
  }
}

export function closeFile(fd: number): void {
  checked(libc().close(fd), 'close', `descriptor ${fd}`);
}

export function linkFile(from: string, to: string): void {
  checked(libc().link(encodePath(from), encodePath(to)), 'link', to);
}

export function renameFile(from: string, to: string): void {
  checked(libc().rename(encodePath(from), encodePath(to)), 'rename', to);
}

/** @returns whether there was one */
export function removeFile(path: string): boolean {
  return existing(libc().unlink(encodePath(path)), 'unlink', path) !== undefined;
}

export type FileStatus = {
  readonly device: string;
  readonly inode: bigint;
  /** 0: no name leads to it any more. */
  readonly linkCount: number;
  readonly sizeBytes: number;
  readonly changedAtNs: bigint;
};

/** AT_FDCWD, AT_EMPTY_PATH, STATX_BASIC_STATS, include/uapi/linux/fcntl.h and stat.h */
const WORKING_DIRECTORY = -100;
const EMPTY_PATH = 0x1000;
const BASIC_STATS = 0x7ff;

/** statx(2) of a path, links followed. @returns undefined where there is nothing. @throws FileError */
export function readFileStatus(path: string): FileStatus | undefined {
  const bytes = new Uint8Array(256);
  const outcome = libc().statx(WORKING_DIRECTORY, encodePath(path), 0, BASIC_STATS, bytes);
  return existing(outcome, 'stat', path) === undefined ? undefined : decodeStatus(bytes);
}

/** Whether something is at the path, as far as it can be told. */
export function isPresent(path: string): boolean {
  return libc().statx(WORKING_DIRECTORY, encodePath(path), 0, BASIC_STATS, new Uint8Array(256)) === 0;
}

/** statx(2) of an open descriptor. */
export function readDescriptorStatus(fd: number): FileStatus {
  const bytes = new Uint8Array(256);
  checked(libc().statx(fd, encodePath(''), EMPTY_PATH, BASIC_STATS, bytes), 'stat', `descriptor ${fd}`);
  return decodeStatus(bytes);
}

/** `struct statx`, include/uapi/linux/stat.h: the same on every architecture. */
function decodeStatus(bytes: Uint8Array): FileStatus {
  const view = new DataView(bytes.buffer);
  return {
    device: `${view.getUint32(136, true)}:${view.getUint32(140, true)}`,
    inode: view.getBigUint64(32, true),
    linkCount: view.getUint32(16, true),
    sizeBytes: Number(view.getBigUint64(40, true)),
    changedAtNs: view.getBigInt64(96, true) * 1_000_000_000n + BigInt(view.getUint32(104, true)),
  };
}

/** fstatfs(2). @returns the magic number of the descriptor's file system, include/uapi/linux/magic.h */
export function readFileSystemType(fd: number): bigint {
  // `struct statfs` has 120 bytes on 64-bit Linux and begins with the type.
  const bytes = new BigInt64Array(15);
  checked(libc().fstatfs(fd, bytes), 'statfs', `descriptor ${fd}`);
  return bytes[0] ?? 0n;
}

/** getrandom(2). For so few bytes, and once the node has booted, it neither waits nor gives fewer. */
export function readRandomBytes(count: number): Uint8Array {
  const bytes = new Uint8Array(count);
  checked(libc().getrandom(bytes, count, 0), 'getrandom', `${count} bytes`);
  return bytes;
}
