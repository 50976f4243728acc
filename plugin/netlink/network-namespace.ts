import type { NetnsId } from '#model/kernel/kernel-snapshot.ts';
import { closeFile, OPEN, openFile, readDescriptorStatus, readFileSystemType } from './file-calls.ts';
import { setNetworkNamespace } from './libc.ts';
import { type NetlinkSocket, openNetlinkSocket } from './netlink-socket.ts';

/** `ns` of the thread that asks: /proc/self would be that of the main thread. */
const OWN_NAMESPACE_PATH = '/proc/thread-self/ns/net';

/** NSFS_MAGIC, include/uapi/linux/magic.h */
const NSFS_MAGIC = 0x6e736673n;

/** An open network namespace: as long as `fd` is open, the namespace lives. */
export type NetworkNamespaceHandle = Disposable & {
  readonly fd: number;
  readonly path: string;
  /** Its inode in nsfs, which no other living network namespace of this machine has. */
  readonly id: NetnsId;
};

/**
 * @param path `/var/run/netns/…` or `/proc/<pid>/ns/net`
 * @throws Error with code ENOENT where it is gone, EINVAL where it is no namespace at all
 */
export function openNamespace(path: string): NetworkNamespaceHandle {
  // Non-blocking: opening a FIFO, which is no namespace, would wait for someone to write into it.
  const fd = openFile(path, OPEN.READ | OPEN.NON_BLOCKING);
  try {
    if (readFileSystemType(fd) !== NSFS_MAGIC) {
      throw Object.assign(new Error(`${path} is not a network namespace`), { code: 'EINVAL' });
    }
    const id = readDescriptorStatus(fd).inode.toString() as NetnsId;
    return { fd, path, id, [Symbol.dispose]: () => closeFile(fd) };
  } catch (error) {
    closeFile(fd);
    throw error;
  }
}

/** The namespace of the calling thread. */
export function openOwnNamespace(): NetworkNamespaceHandle {
  return openNamespace(OWN_NAMESPACE_PATH);
}

/**
 * Runs `work` with the calling thread in another network namespace and brings it back, whatever happens.
 * `work` has to be synchronous: a thread that the runtime starts meanwhile would stay there and keep the namespace alive.
 * Nothing it opens may outlive the pod, for the same reason.
 * @throws SystemCallError where the namespace cannot be entered; whatever `work` throws
 */
export function runInNamespace<T>(namespaceFd: number, work: () => T): T {
  using own = openOwnNamespace();
  return runBetween(own, namespaceFd, work);
}

/** The same for whoever has the thread's own namespace open already. */
export function runBetween<T>(own: { readonly fd: number }, namespaceFd: number, work: () => T): T {
  setNetworkNamespace(namespaceFd, `namespace of fd ${namespaceFd}`);
  try {
    return work();
  } finally {
    setNetworkNamespace(own.fd, 'own namespace');
  }
}

/** A netlink socket that speaks to another namespace; the thread is there only while it opens. Close it soon. */
export function openNetlinkSocketIn(namespaceFd: number, protocol: number, answerTimeoutMs?: number): NetlinkSocket {
  return runInNamespace(namespaceFd, () => openNetlinkSocket(protocol, answerTimeoutMs));
}
