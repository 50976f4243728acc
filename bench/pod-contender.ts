import { configureNetwork, removeNetwork } from '#e2e/cluster/podwire/node-network.ts';
import type { Cluster } from '#e2e/cluster/start-cluster.ts';
import type { PodContender } from './pod-measurement.ts';

/** Read before podwire's own file. */
const REFERENCE_FILE = '05-reference.conflist';

/** The ranges of the reference are not the nodes' own: two bridges cannot both be the way to one range. */
const referenceRange = (node: number): string => `10.241.${node}.0/24`;

/** Whether an address is one that the contender gives. */
export const isAddressOf = (contender: PodContender, address: string | undefined): boolean =>
  address?.startsWith(contender === 'podwire' ? '10.240.' : '10.241.') === true;

/** What `podwire install` has configured, with the reference plugins: a bridge that is a gateway and masquerades. */
const describeReference = (subnet: string) => ({
  cniVersion: '1.0.0',
  name: 'reference',
  plugins: [
    {
      type: 'bridge',
      bridge: 'ref0',
      isGateway: true,
      ipMasq: true,
      ipam: { type: 'host-local', ranges: [[{ subnet }]], routes: [{ dst: '0.0.0.0/0' }] },
    },
  ],
});

/** Makes a contender's network the first of every node; runtimes notice it in their own time. */
export async function configureContender({ nodes }: Cluster, contender: PodContender): Promise<void> {
  for (const [index, node] of nodes.entries()) {
    if (contender === 'podwire') await removeNetwork(node, REFERENCE_FILE);
    else await configureNetwork(node, REFERENCE_FILE, describeReference(referenceRange(index)));
  }
}
