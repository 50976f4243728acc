import { dlopen, ptr, read } from 'bun:ffi';
import { errnoName } from './errno-names.ts';

/**
 * The only file that loads native code: the libc functions that neither node:fs nor Bun offers, and those for files
 * (file-calls.ts).
 *
 * Every wrapper throws a {@link SystemCallError} where the call answers -1. Shapes follow the man pages, section 2.
 * Numbers are those of x86-64 and arm64 Linux, which agree on everything used here.
 */

/** A system call that the kernel refused. `code` is the errno's name, `object` what it was called on. */
export class SystemCallError extends Error {
  override readonly name = 'SystemCallError';
  readonly syscall: string;
  readonly errno: number;
  readonly code: string;

  constructor(syscall: string, errno: number, object: string) {
    super(`${syscall} ${object}: ${errnoName(errno)}`);
    this.syscall = syscall;
    this.errno = errno;
    this.code = errnoName(errno);
  }
}

const symbols = {
  socket: { args: ['i32', 'i32', 'i32'], returns: 'i32' },
  bind: { args: ['i32', 'ptr', 'u32'], returns: 'i32' },
  connect: { args: ['i32', 'ptr', 'u32'], returns: 'i32' },
  setsockopt: { args: ['i32', 'i32', 'i32', 'ptr', 'u32'], returns: 'i32' },
  getsockopt: { args: ['i32', 'i32', 'i32', 'ptr', 'ptr'], returns: 'i32' },
  send: { args: ['i32', 'ptr', 'u64', 'i32'], returns: 'int64_t' },
  recv: { args: ['i32', 'ptr', 'u64', 'i32'], returns: 'int64_t' },
  recvmsg: { args: ['i32', 'ptr', 'i32'], returns: 'int64_t' },
  close: { args: ['i32'], returns: 'i32' },
  setns: { args: ['i32', 'i32'], returns: 'i32' },
  flock: { args: ['i32', 'i32'], returns: 'i32' },
  fcntl: { args: ['i32', 'i32', 'i32'], returns: 'i32' },
  poll: { args: ['ptr', 'u64', 'i32'], returns: 'i32' },
  open: { args: ['ptr', 'i32', 'u32'], returns: 'i32' },
  openat: { args: ['i32', 'ptr', 'i32', 'u32'], returns: 'i32' },
  read: { args: ['i32', 'ptr', 'u64'], returns: 'int64_t' },
  pread: { args: ['i32', 'ptr', 'u64', 'i64'], returns: 'i32' },
  write: { args: ['i32', 'ptr', 'u64'], returns: 'int64_t' },
  link: { args: ['ptr', 'ptr'], returns: 'i32' },
  rename: { args: ['ptr', 'ptr'], returns: 'i32' },
  unlink: { args: ['ptr'], returns: 'i32' },
  statx: { args: ['i32', 'ptr', 'i32', 'u32', 'ptr'], returns: 'i32' },
  fstatfs: { args: ['i32', 'ptr'], returns: 'i32' },
  syscall: { args: ['i64', 'i64', 'ptr', 'i64'], returns: 'int64_t' },
  getrandom: { args: ['ptr', 'u64', 'u32'], returns: 'int64_t' },
  __errno_location: { args: [], returns: 'ptr' },
} as const;

const openLibc = () => dlopen('libc.so.6', symbols).symbols;

let loaded: ReturnType<typeof openLibc> | undefined;

/** Loaded on first use: commands that touch no kernel state (VERSION) do not pay for it. */
export function libc(): ReturnType<typeof openLibc> {
  loaded ??= openLibc();
  return loaded;
}

/** Of the call that just answered -1. */
export function readErrno(): number {
  const location = libc().__errno_location();
  return location === null ? 0 : read.i32(location, 0);
}

function checked(outcome: number | bigint, syscall: string, object: string): number {
  if (outcome >= 0) return Number(outcome);
  throw new SystemCallError(syscall, readErrno(), object);
}

/** socket(2). @returns a file descriptor */
export function openSocket(domain: number, type: number, protocol: number): number {
  return checked(libc().socket(domain, type, protocol), 'socket', `domain ${domain} protocol ${protocol}`);
}

/** bind(2) with a ready `struct sockaddr_*`. */
export function bindSocket(fd: number, address: Uint8Array): void {
  checked(libc().bind(fd, address, address.byteLength), 'bind', `fd ${fd}`);
}

/**
 * connect(2) with a ready `struct sockaddr_*`: of a raw socket, where send(2) sends to.
 * @throws EINPROGRESS where a non-blocking socket goes on by itself: {@link readSocketError} tells how it went
 */
export function connectSocket(fd: number, address: Uint8Array): void {
  checked(libc().connect(fd, address, address.byteLength), 'connect', `fd ${fd}`);
}

/** SO_ERROR, include/uapi/asm-generic/socket.h */
const PENDING_ERROR = { level: 1, name: 4 } as const;

/** @returns the name of the error that the socket holds, which takes it away; undefined where all is well */
export function readSocketError(fd: number): string | undefined {
  const value = new Int32Array(1);
  getSocketOption(fd, { ...PENDING_ERROR, value: new Uint8Array(value.buffer) });
  return value[0] ? errnoName(value[0]) : undefined;
}

/** setsockopt(2) with an int. */
export function setSocketOption(
  fd: number,
  option: { readonly level: number; readonly name: number; readonly value: number },
): void {
  const value = new Int32Array([option.value]);
  checked(libc().setsockopt(fd, option.level, option.name, value, 4), 'setsockopt', `${option.level}/${option.name}`);
}

/** getsockopt(2) into `value`, which may hold what is asked for. @returns bytes filled */
export function getSocketOption(
  fd: number,
  { level, name, value }: { readonly level: number; readonly name: number; readonly value: Uint8Array },
): number {
  const length = new Uint32Array([value.byteLength]);
  checked(libc().getsockopt(fd, level, name, value, length), 'getsockopt', `${level}/${name}`);
  return length[0] ?? 0;
}

/** SOL_SOCKET and SO_RCVTIMEO, include/uapi/asm-generic/socket.h */
const RECEIVE_TIMEOUT = { level: 1, name: 20 } as const;

/** From here on recv(2) fails with EAGAIN where nothing comes in time. `struct timeval` as on 64-bit Linux. */
export function setReceiveTimeout(fd: number, timeoutMs: number): void {
  const value = BigInt64Array.of(BigInt(Math.floor(timeoutMs / 1000)), BigInt((timeoutMs % 1000) * 1000));
  const { level, name } = RECEIVE_TIMEOUT;
  checked(libc().setsockopt(fd, level, name, value, value.byteLength), 'setsockopt', `${level}/${name}`);
}

/** send(2). @returns bytes taken */
export function sendBytes(fd: number, bytes: Uint8Array): number {
  return checked(libc().send(fd, bytes, bytes.byteLength, 0), 'send', `fd ${fd}`);
}

/** recv(2) into `buffer`. With MSG_TRUNC (0x20) the answer is the datagram's true length. @returns bytes received */
export function receiveBytes(fd: number, buffer: Uint8Array, flags = 0): number {
  return checked(libc().recv(fd, buffer, buffer.byteLength, flags), 'recv', `fd ${fd}`);
}

/**
 * recvmsg(2) into `buffer`, with ancillary data (`struct cmsghdr`s) into `control`. `struct msghdr` as on 64-bit Linux.
 * @returns how much of each was filled; undefined where nothing is there yet (EAGAIN), which is no reason for an exception
 */
export function receiveWithControl(
  fd: number,
  { buffer, control, flags }: { readonly buffer: Uint8Array; readonly control: Uint8Array; readonly flags: number },
): { readonly length: number; readonly controlLength: number } | undefined {
  const vector = BigUint64Array.of(BigInt(ptr(buffer)), BigInt(buffer.byteLength));
  const header = new BigUint64Array(7);
  header[2] = BigInt(ptr(vector));
  header[3] = 1n;
  header[4] = BigInt(ptr(control));
  header[5] = BigInt(control.byteLength);
  const length = libc().recvmsg(fd, header, flags);
  if (length < 0 && errnoName(readErrno()) === 'EAGAIN') return undefined;
  return { length: checked(length, 'recvmsg', `fd ${fd}`), controlLength: Number(header[5]) };
}

/** close(2). */
export function closeDescriptor(fd: number): void {
  checked(libc().close(fd), 'close', `fd ${fd}`);
}

/** CLONE_NEWNET, include/uapi/linux/sched.h */
const CLONE_NEWNET = 0x40000000;

/** setns(2): moves the calling thread into a network namespace. */
export function setNetworkNamespace(fd: number, object: string): void {
  checked(libc().setns(fd, CLONE_NEWNET), 'setns', object);
}

/** __NR_bpf. include/uapi/asm-generic/unistd.h; x86-64 has numbers of its own */
const BPF_SYSCALL = process.arch === 'x64' ? 321 : 280;

/** A buffer that the kernel fills or reads, and where in `union bpf_attr` its address stands. */
export type BpfBuffer = { readonly at: number; readonly bytes: Uint8Array };

/**
 * bpf(2), which libc has no function for.
 * @param attributes `union bpf_attr`, which the kernel may change
 * @returns a file descriptor, or 0
 */
export function callBpf(command: number, attributes: Uint8Array, buffers: readonly BpfBuffer[] = []): number {
  const view = new DataView(attributes.buffer, attributes.byteOffset, attributes.byteLength);
  for (const { at, bytes } of buffers) view.setBigUint64(at, BigInt(ptr(bytes)), true);
  const outcome = libc().syscall(BPF_SYSCALL, command, attributes, attributes.byteLength);
  return checked(outcome, 'bpf', `command ${command}`);
}

/** LOCK_*, include/uapi/asm-generic/fcntl.h */
const LOCK = { shared: 1, exclusive: 2, nonBlocking: 4 } as const;

/** flock(2) that does not wait. @returns whether the lock is ours now */
export function tryLock(fd: number, mode: 'shared' | 'exclusive', object: string): boolean {
  if (libc().flock(fd, LOCK[mode] | LOCK.nonBlocking) === 0) return true;
  const errno = readErrno();
  if (errnoName(errno) === 'EAGAIN') return false;
  throw new SystemCallError('flock', errno, object);
}

/** F_SETLEASE and what it takes, include/uapi/linux/fcntl.h and include/uapi/asm-generic/fcntl.h */
const SET_LEASE = 1024;
const LEASE = { read: 0, none: 2 } as const;

/**
 * Whether anybody has the file open for writing: the kernel grants a read lease only where nobody has. fcntl(2), "Leases"
 * @param fd opened for reading only, by the owner of the file
 * @returns undefined where file system or rights do not allow to ask
 */
export function isOpenForWriting(fd: number): boolean | undefined {
  if (libc().fcntl(fd, SET_LEASE, LEASE.read) === 0) {
    libc().fcntl(fd, SET_LEASE, LEASE.none);
    return false;
  }
  return errnoName(readErrno()) === 'EAGAIN' ? true : undefined;
}

/** POLLIN, POLLPRI and POLLOUT, include/uapi/asm-generic/poll.h */
const POLL = { readable: 1, changed: 2, writable: 4 } as const;

/**
 * poll(2) on one descriptor; `changed` is for files of /proc that tell a change this way. An error or a hang-up counts as ready: the read or write that follows says which.
 * @returns false where `timeoutMs` went by
 */
export function waitUntilReady(fd: number, direction: keyof typeof POLL, timeoutMs: number): boolean {
  const request = new Int32Array([fd, POLL[direction]]);
  const endsAtMs = performance.now() + timeoutMs;
  for (;;) {
    const count = libc().poll(request, 1, Math.max(0, Math.ceil(endsAtMs - performance.now())));
    if (count >= 0) return count > 0;
    const errno = readErrno();
    if (errnoName(errno) !== 'EINTR') throw new SystemCallError('poll', errno, `fd ${fd}`);
  }
}
