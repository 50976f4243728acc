import { readFileSync } from 'node:fs';
import { openOwnNamespace } from '#plugin/netlink/network-namespace.ts';

/** The boot, and the namespace that holds the node's links: several nodes of a lab share one kernel. */
export function readBootId(): string {
  using namespace = openOwnNamespace();
  return `${readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()}/${namespace.id}`;
}
