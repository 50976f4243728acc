import { SystemCallError } from '#plugin/netlink/libc.ts';
import type { NetlinkSocket } from '#plugin/netlink/netlink-socket.ts';
import { NETLINK } from '#plugin/netlink/netlink-tables.ts';
import {
  type NetworkNamespaceHandle,
  openNamespace,
  openNetlinkSocketIn,
  openOwnNamespace,
} from '#plugin/netlink/network-namespace.ts';
import { CNI_ERROR_CODE, CniFailure } from './cni-failure.ts';
import type { Deadline } from './deadline.ts';
import type { InvocationEnvironment } from './parse-environment.ts';

/** The pod's namespace and a socket that speaks to it. Closed together, at once after the work: both keep it alive. */
export type PodNamespace = Disposable & { readonly handle: NetworkNamespaceHandle; readonly socket: NetlinkSocket };

/** @throws CniFailure of code 8 where CNI_NETNS is gone, no namespace, or the plugin's own */
export function openPodNamespace(environment: InvocationEnvironment, deadline: Deadline): PodNamespace {
  const path = environment.netns ?? '';
  const handle = tryOpen(path);
  try {
    if (!environment.isOwnNetnsAllowed) requireForeign(handle);
    const socket = openSocketIn(handle, deadline);
    return {
      handle,
      socket,
      [Symbol.dispose]: () => {
        socket[Symbol.dispose]();
        handle[Symbol.dispose]();
      },
    };
  } catch (error) {
    handle[Symbol.dispose]();
    throw error;
  }
}

/** Another kind of namespace looks the same until one tries to enter it. */
function openSocketIn(handle: NetworkNamespaceHandle, deadline: Deadline): NetlinkSocket {
  try {
    return openNetlinkSocketIn(handle.fd, NETLINK.ROUTE, deadline.remainingMs());
  } catch (error) {
    if (!(error instanceof SystemCallError && error.syscall === 'setns')) throw error;
    throw new CniFailure(`${handle.path} cannot be entered as a network namespace: ${error.message}`, {
      code: CNI_ERROR_CODE.netnsInvalid,
      cause: error,
    });
  }
}

function tryOpen(path: string): NetworkNamespaceHandle {
  try {
    return openNamespace(path);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new CniFailure(`network namespace ${path} cannot be opened: ${reason}`, {
      code: CNI_ERROR_CODE.netnsInvalid,
      cause: error,
    });
  }
}

function requireForeign(handle: NetworkNamespaceHandle): void {
  using own = openOwnNamespace();
  if (own.id !== handle.id) return;
  throw new CniFailure(`CNI_NETNS ${handle.path} is the plugin's own network namespace`, {
    code: CNI_ERROR_CODE.netnsInvalid,
  });
}
