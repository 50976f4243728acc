import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { KernelSnapshot } from '#model/kernel/kernel-snapshot.ts';
import { findSandboxObstacle, KernelSandbox, podwireExecutable } from './kernel-sandbox.ts';

const obstacle = findSandboxObstacle();
if (obstacle !== undefined) console.warn(`skipped: ${obstacle}`);

/** The name of the action, as it stands among the options in hex. */
const mirred = Buffer.from('mirred').toString('hex');

const node = `
ip netns add cni-1; ip link add veth1 type veth peer name eth0 netns cni-1; ip link set veth1 up; ip -n cni-1 link set eth0 up
ip addr add 10.240.2.1/24 dev veth1; ip -n cni-1 addr add 10.240.2.2/24 dev eth0
ip netns exec cni-1 tc qdisc add dev eth0 root handle 1: htb; tc qdisc add dev veth1 clsact
tc filter add dev veth1 ingress protocol ip u32 match ip dst 10.240.2.0/24 action mirred egress mirror dev lo`;

describe.skipIf(obstacle !== undefined)('two snapshots with traffic between them', () => {
  let sandbox: KernelSandbox;
  beforeAll(async () => {
    sandbox = await KernelSandbox.start();
    sandbox.run(node);
  });
  afterAll(async () => sandbox?.stop());

  it('tell the same of qdiscs and filters, whatever these counted', () => {
    const read = () => {
      sandbox.run('ip netns exec cni-1 ping -c 1 -W 5 10.240.2.1');
      const { namespaces } = KernelSnapshot.parse(sandbox.readJson(`${podwireExecutable} snapshot`));
      return namespaces.map(({ trafficControl }) => trafficControl);
    };
    const before = read();
    expect(JSON.stringify(before[0]?.filters)).toContain(mirred);
    expect(before[1]?.qdiscs.map(({ kind }) => kind)).toEqual(['htb']);
    expect(read()).toEqual(before);
  });
});
