import { writeSync } from 'node:fs';
import { setNetworkNamespace } from '#plugin/netlink/libc.ts';
import { openNamespace } from '#plugin/netlink/network-namespace.ts';
import { probeAddress } from './probe-address.ts';
import { ProbeRequest } from './probe-request.ts';

/**
 * `podwire probe <request>`: what the agent starts for each probe. A process of its own, which goes into the namespace and
 * ends there: a thread of the agent would stay. Prints what came back as one line of JSON.
 * @returns the exit code: 1 where the probe could not be made, with the reason on stderr
 */
export function runProbe(words: readonly string[]): number {
  try {
    const request = ProbeRequest.parse(JSON.parse(words[0] ?? ''));
    if (request.namespace !== undefined) enterNamespace(request.namespace);
    writeSync(1, `${JSON.stringify(probeAddress(request))}\n`);
    return 0;
  } catch (error) {
    writeSync(2, `${error instanceof Error ? error.message : String(error)}\n`);
    return 1;
  }
}

/** The name may be that of another namespace by now. */
function enterNamespace({ id, path }: NonNullable<ProbeRequest['namespace']>): void {
  using namespace = openNamespace(path);
  if (namespace.id !== id) throw new Error(`${path} is network namespace ${namespace.id} now, not ${id}`);
  setNetworkNamespace(namespace.fd, path);
}
