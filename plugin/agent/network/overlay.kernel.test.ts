import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { NODE_A, NODE_B, NodesWorld, type NodeWish } from '#plugin/testing/nodes-world.ts';

/** Behind a router that knows nothing of pods. */
const FAR: NodeWish = {
  name: 'node-far',
  podCidrs: ['10.240.9.0/24', 'fd00:240:9::/64'],
  internalIps: ['192.168.32.19', 'fd32::19'],
  segment: 'far',
};
const VXLAN = { PODWIRE_BACKEND: 'vxlan' };
/** 0a:58 and the node's address. */
const FAR_MAC = '0a:58:c0:a8:20:13';

let nodes: NodesWorld;

beforeEach(async () => {
  nodes = await NodesWorld.open();
});

afterEach(() => nodes[Symbol.asyncDispose]());

const listFdb = (name: string) =>
  nodes.run(name, 'bridge fdb show dev podwire-vxlan').trim().split('\n').filter(Boolean).sort();
const listNeighbours = (name: string) =>
  ['-4', '-6'].flatMap((family) =>
    nodes.run(name, `ip ${family} neighbour show dev podwire-vxlan nud permanent`).trim().split('\n').filter(Boolean),
  );

async function startNearAndFar(): Promise<void> {
  for (const wish of [NODE_A, NODE_B, FAR]) nodes.addNode(wish, VXLAN);
  const names = ['node-a', 'node-b', 'node-far'];
  await nodes.untilReady(...names);
  await nodes.until(() => names.every((name) => nodes.listRoutes(name).length === 4));
}

describe('a node behind a router', () => {
  it('is found and gets no route that would lead nowhere', async () => {
    for (const wish of [NODE_A, FAR]) nodes.addNode(wish);
    await nodes.untilReady('node-a', 'node-far');
    await nodes.until(() => nodes.listFindings('node-a').length === 2);
    expect(nodes.listFindings('node-a')).toEqual([
      'node-not-on-link/node-far/10.240.9.0/24',
      'node-not-on-link/node-far/fd00:240:9::/64',
    ]);
    const [finding] = nodes.findings.get('node-a') ?? [];
    expect(finding).toMatchObject({
      rule: 'node-not-on-link',
      evidence: expect.arrayContaining(['eth0: 192.168.31.11/24']),
      remedy: expect.stringContaining('PODWIRE_BACKEND=vxlan'),
    });
    expect(nodes.listRoutes('node-a')).toEqual([]);
  });

  it('is reached over VXLAN in both families, and a node of the same segment straight', async () => {
    await startNearAndFar();
    expect(nodes.listOwnRoutes('node-a')).toEqual([
      '10.240.2.0/24 via 192.168.31.12 dev eth0',
      '10.240.9.0/24 via 10.240.9.0 dev podwire-vxlan onlink',
      'fd00:240:2::/64 via fd31::12 dev eth0',
      'fd00:240:9::/64 via fd00:240:9:: dev podwire-vxlan',
    ]);
    const addresses = [...nodes.addPod('node-far', 'pod-far'), ...nodes.addPod('node-b', 'pod-b')];
    nodes.addPod('node-a', 'pod-a');
    for (const from of ['pod-a', 'node-a']) {
      expect(addresses.map((address) => nodes.canPing(from, address))).toEqual([true, true, true, true]);
    }
    expect(listFdb('node-a')).toEqual([`${FAR_MAC} dst 192.168.32.19 self permanent`]);
    expect(listNeighbours('node-a')).toHaveLength(2);
    expect(nodes.listFindings('node-a')).toEqual([]);
    expect(nodes.drifts).toEqual([]);
  });

  it('is reached over an IPv6 underlay where nodes have no other', async () => {
    const near = { ...NODE_A, internalIps: ['fd31::11'] };
    const far = { ...FAR, internalIps: ['fd32::19'] };
    for (const wish of [near, far]) nodes.addNode(wish, VXLAN);
    await nodes.untilReady('node-a', 'node-far');
    await nodes.until(() => ['node-a', 'node-far'].every((name) => nodes.listRoutes(name).length === 2));
    const addresses = nodes.addPod('node-far', 'pod-far');
    nodes.addPod('node-a', 'pod-a');
    expect(addresses.map((address) => nodes.canPing('pod-a', address))).toEqual([true, true]);
    expect(nodes.world.ipOne('-n', 'pod-a', 'link', 'show', 'eth0').mtu).toBe(1430);
  });

  it('gives pods an MTU that leaves room for the headers of the overlay', async () => {
    await startNearAndFar();
    const [address = ''] = nodes.addPod('node-far', 'pod-far');
    nodes.addPod('node-a', 'pod-a');
    expect(nodes.world.ipOne('-n', 'pod-a', 'link', 'show', 'eth0').mtu).toBe(1450);
    const whole = ['ping', '-c1', '-W2', '-M', 'do', '-s', String(1450 - 28), address];
    expect(nodes.world.try(['ip', 'netns', 'exec', 'pod-a', ...whole]).exitCode).toBe(0);
  });
});

describe('the overlay', () => {
  it('forgets a node that leaves, and goes itself where it is no longer chosen', async () => {
    await startNearAndFar();
    nodes.api.remove('node-far');
    await nodes.until(() => nodes.listRoutes('node-a').length === 2);
    await nodes.until(() => listFdb('node-a').length === 0 && listNeighbours('node-a').length === 0);
    await nodes.stopAgent('node-a', 'SIGTERM');
    nodes.startAgent('node-a');
    await nodes.until(() => !nodes.run('node-a', 'ip -br link').includes('podwire-vxlan'));
    expect(nodes.listRoutes('node-a')).toHaveLength(2);
    expect(nodes.drifts).toEqual([]);
  });

  it.each([
    {
      what: 'fdb entry that is deleted',
      script: `bridge fdb del ${FAR_MAC} dev podwire-vxlan dst 192.168.32.19 self`,
      kind: 'fdb',
      object: `${FAR_MAC} on podwire-vxlan`,
      found: 'missing',
    },
    {
      what: 'neighbour that leads elsewhere',
      script: 'ip neighbour replace 10.240.9.0 lladdr 02:00:00:00:00:01 dev podwire-vxlan nud permanent',
      kind: 'neighbour',
      object: '10.240.9.0 on podwire-vxlan',
      found: 'changed',
    },
    {
      what: 'fdb entry of nobody',
      script: 'bridge fdb add 02:00:00:00:00:09 dev podwire-vxlan dst 192.168.32.77 self permanent',
      kind: 'fdb',
      object: '02:00:00:00:00:09 on podwire-vxlan',
      found: 'left-over',
    },
    {
      what: 'address that is taken away',
      script: 'ip address del 10.240.1.0/32 dev podwire-vxlan',
      kind: 'link',
      object: '10.240.1.0/32 on podwire-vxlan',
      found: 'missing',
    },
    {
      what: 'link that is deleted',
      script: 'ip link del podwire-vxlan',
      kind: 'link',
      object: 'podwire-vxlan',
      found: 'missing',
    },
    {
      what: 'link that is down',
      script: 'ip link set podwire-vxlan down',
      kind: 'link',
      object: 'podwire-vxlan',
      found: 'changed',
    },
  ] as const)('has its $what put right, and pods reach each other again', async ({ script, kind, object, found }) => {
    await startNearAndFar();
    const addresses = nodes.addPod('node-far', 'pod-far');
    nodes.addPod('node-a', 'pod-a');
    const before = [listFdb('node-a'), listNeighbours('node-a'), nodes.listOwnRoutes('node-a')];
    nodes.run('node-a', script);
    await nodes.until(() => nodes.findDrift('node-a', kind, object) !== undefined);
    expect(nodes.findDrift('node-a', kind, object)).toMatchObject({ found, outcome: 'repaired' });
    await nodes.until(() => {
      const now = [listFdb('node-a'), listNeighbours('node-a'), nodes.listOwnRoutes('node-a')];
      return JSON.stringify(now) === JSON.stringify(before);
    });
    expect(addresses.map((address) => nodes.canPing('pod-a', address))).toEqual([true, true]);
  });

  it('leaves a link of its name alone that is none of VXLAN, and says so', async () => {
    nodes.addMachine(NODE_A);
    nodes.run('node-a', 'ip link add podwire-vxlan type bridge');
    nodes.api.put(NODE_A);
    nodes.startAgent('node-a', VXLAN);
    await nodes.until(() => nodes.listFindings('node-a').includes('repair-failed/link/podwire-vxlan'));
    expect(nodes.run('node-a', 'ip -d link show podwire-vxlan')).toContain('bridge');
  });

  it('leaves other VXLAN links and their entries alone', async () => {
    nodes.addMachine(NODE_A);
    nodes.run(
      'node-a',
      `ip link add flannel.1 type vxlan id 1 dstport 8472 local 192.168.31.11 nolearning; ip link set flannel.1 up
       bridge fdb add 02:00:00:00:00:0f dev flannel.1 dst 192.168.31.99 self permanent
       ip neighbour add 10.9.9.0 lladdr 02:00:00:00:00:0f dev flannel.1 nud permanent`,
    );
    const read = () =>
      nodes.run('node-a', 'bridge fdb show dev flannel.1; ip neighbour show dev flannel.1 nud permanent');
    const before = read();
    nodes.api.put(NODE_A);
    nodes.startAgent('node-a', VXLAN);
    nodes.addNode(FAR, VXLAN);
    await nodes.until(() => nodes.listRoutes('node-a').length === 2);
    expect(read()).toBe(before);
  });
});
