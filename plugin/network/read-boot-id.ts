import { readText } from '#plugin/netlink/file-calls.ts';
import { openOwnNamespace } from '#plugin/netlink/network-namespace.ts';

/** The boot, and the namespace that holds the node's links: several nodes of a lab share one kernel. */
export function readBootId(): string {
  using namespace = openOwnNamespace();
  return `${readText('/proc/sys/kernel/random/boot_id').trim()}/${namespace.id}`;
}
