import { writeTextFile } from '#plugin/netlink/file-calls.ts';
import { runInNamespace } from '#plugin/netlink/network-namespace.ts';

/**
 * Switches IPv6 on for one link of a namespace: some runtimes make namespaces where `disable_ipv6` is 1 until a plugin needs
 * it. The files below /proc/sys/net are those of the thread's namespace.
 */
export function enableInet6(namespaceFd: number, linkName: string): void {
  runInNamespace(namespaceFd, () => writeTextFile(`/proc/sys/net/ipv6/conf/${linkName}/disable_ipv6`, '0'));
}
