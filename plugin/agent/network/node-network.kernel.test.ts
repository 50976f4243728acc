import { rmSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { NODE_A, NODE_B, NODE_C, NodesWorld } from '#plugin/testing/nodes-world.ts';

let nodes: NodesWorld;

beforeEach(async () => {
  nodes = await NodesWorld.open();
});

afterEach(() => nodes[Symbol.asyncDispose]());

describe('pods of two nodes on one segment', () => {
  it('reach each other in both families, each under its own address', async () => {
    await nodes.startTwoNodes();
    const [inet = '', inet6 = ''] = nodes.addPod('node-b', 'pod-b');
    nodes.addPod('node-a', 'pod-a');
    expect([inet, inet6]).toEqual(['10.240.2.2', 'fd00:240:2::2']);
    expect([nodes.canPing('pod-a', inet), nodes.canPing('pod-a', inet6)]).toEqual([true, true]);
    expect(nodes.listFindings('node-a')).toEqual([]);
    expect(nodes.drifts).toEqual([]);
  });

  it('keep their network when the agents stop', async () => {
    await nodes.startTwoNodes();
    const addresses = nodes.addPod('node-b', 'pod-b');
    nodes.addPod('node-a', 'pod-a');
    const before = nodes.listRoutes('node-a');
    for (const name of ['node-a', 'node-b']) await nodes.stopAgent(name, 'SIGTERM');
    expect(nodes.listRoutes('node-a')).toEqual(before);
    expect(addresses.map((address) => nodes.canPing('pod-a', address))).toEqual([true, true]);
  });
});

describe('as nodes come, change and go', () => {
  it('a node that joins gets a route from everybody, and one that leaves loses it', async () => {
    await nodes.startTwoNodes();
    nodes.addNode(NODE_C);
    await nodes.until(() => nodes.listRoutes('node-a').length === 4);
    expect(nodes.listOwnRoutes('node-a')).toEqual([
      '10.240.2.0/24 via 192.168.31.12 dev eth0',
      '10.240.3.0/24 via 192.168.31.13 dev eth0',
      'fd00:240:2::/64 via fd31::12 dev eth0',
      'fd00:240:3::/64 via fd31::13 dev eth0',
    ]);
    nodes.api.remove('node-b');
    await nodes.until(() => nodes.listRoutes('node-a').length === 2);
    expect(nodes.listOwnRoutes('node-a')).toEqual([
      '10.240.3.0/24 via 192.168.31.13 dev eth0',
      'fd00:240:3::/64 via fd31::13 dev eth0',
    ]);
    expect(nodes.drifts).toEqual([]);
  });

  it('a node that moves to another address is followed, and its pods stay reachable', async () => {
    await nodes.startTwoNodes();
    const [address = ''] = nodes.addPod('node-b', 'pod-b');
    nodes.addPod('node-a', 'pod-a');
    nodes.run('node-b', 'ip address add 192.168.31.77/24 dev eth0');
    nodes.api.put({ ...NODE_B, internalIps: ['192.168.31.77', 'fd31::12'] });
    await nodes.until(() => nodes.listOwnRoutes('node-a').includes('10.240.2.0/24 via 192.168.31.77 dev eth0'));
    expect(nodes.listRoutes('node-a')).toHaveLength(2);
    expect(nodes.canPing('pod-a', address)).toBe(true);
    expect(nodes.drifts).toEqual([]);
  });

  it('a node that gets other podCIDRs gets a network of them, and the rules of the old ones last as long as their pods', async () => {
    await nodes.startTwoNodes();
    nodes.addPod('node-b', 'pod-b');
    nodes.api.put({ ...NODE_B, podCidrs: ['10.240.9.0/24'] });
    await nodes.until(() => nodes.readConfiguration('node-b')?.includes('10.240.9.0/24') === true);
    await nodes.until(() => nodes.listOwnRoutes('node-a').join() === '10.240.9.0/24 via 192.168.31.12 dev eth0');
    expect(nodes.run('node-b', 'iptables-save')).toContain('-s 10.240.2.0/24');
    expect(nodes.run('node-b', 'iptables-save')).toContain('-s 10.240.9.0/24');
    expect(nodes.drifts).toEqual([]);
  });

  it('a node without a podCIDR waits for one, and says so', async () => {
    nodes.addNode({ ...NODE_A, podCidrs: [] });
    await nodes.until(() => nodes.listFindings('node-a').includes('node-without-pod-cidr/node-a'));
    expect(nodes.readConfiguration('node-a')).toBeUndefined();
    nodes.api.put(NODE_A);
    await nodes.untilReady('node-a');
    await nodes.until(() => nodes.listFindings('node-a').length === 0);
  });

  it('an agent that is not a node of the cluster changes nothing, and says so', async () => {
    nodes.addMachine(NODE_A);
    nodes.api.put(NODE_B);
    nodes.startAgent('node-a');
    await nodes.until(() => nodes.listFindings('node-a').includes('own-node-unknown/node-a'));
    expect(nodes.listRoutes('node-a')).toEqual([]);
    expect(nodes.run('node-a', 'cat /proc/sys/net/ipv4/ip_forward').trim()).toBe('0');
    expect(nodes.run('node-a', 'iptables-save')).not.toContain('PODWIRE');
  });

  it('without an API the network stays as it was asked for last', async () => {
    await nodes.startTwoNodes();
    nodes.api.isUnavailable = true;
    nodes.api.endWatches();
    await nodes.until(() => nodes.listFindings('node-a').some((id) => id.startsWith('api-unreachable/')));
    nodes.run('node-a', 'ip route del 10.240.2.0/24');
    await nodes.until(() => nodes.findDrift('node-a', 'route', '10.240.2.0/24') !== undefined);
    nodes.api.isUnavailable = false;
    await nodes.until(() => nodes.listFindings('node-a').length === 0);
    expect(nodes.listRoutes('node-a')).toHaveLength(2);
  });

  it('a link that goes down and comes up has its routes again', async () => {
    await nodes.startTwoNodes();
    const before = nodes.readNetwork('node-a');
    nodes.run('node-a', 'ip link set eth0 down');
    await nodes.until(() => nodes.listFindings('node-a').includes('node-not-on-link/node-b/10.240.2.0/24'));
    nodes.run(
      'node-a',
      `ip link set eth0 up; ip address replace fd31::11/64 dev eth0 nodad
       ip route replace default via 192.168.31.1 proto static; ip -6 route replace default via fd31::1 proto static`,
    );
    await nodes.until(() => nodes.readNetwork('node-a') === before);
    await nodes.until(() => nodes.listFindings('node-a').length === 0);
  });
});

describe('podwire uninstall', () => {
  it('keeps the agent from the node until podwire install, and pods keep their network', async () => {
    await nodes.startTwoNodes();
    const [address = ''] = nodes.addPod('node-b', 'pod-b');
    nodes.addPod('node-a', 'pod-a');
    nodes.runPodwire('node-a', 'uninstall');
    await nodes.until(() => nodes.listFindings('node-a').some((id) => id.startsWith('network-unmanaged/')));
    nodes.run('node-a', 'ip -6 route del fd00:240:2::/64');
    nodes.addNode(NODE_C);
    await nodes.until(() => nodes.listRoutes('node-b').length === 4);
    expect([nodes.readConfiguration('node-a'), nodes.listRoutes('node-a').length]).toEqual([undefined, 1]);
    expect(nodes.canPing('pod-a', address)).toBe(true);
    nodes.runPodwire('node-a', 'install', '--pod-cidr', '10.240.1.0/24,fd00:240:1::/64');
    await nodes.until(() => nodes.listRoutes('node-a').length === 4);
    await nodes.until(() => nodes.listFindings('node-a').length === 0);
    expect(nodes.drifts).toEqual([]);
  });
});

it('an agent that is killed at any moment and comes back leaves everything once, and right', async () => {
  await nodes.startTwoNodes();
  const before = { a: nodes.readNetwork('node-a'), file: nodes.readConfiguration('node-a') };
  for (let round = 0; round < 8; round += 1) {
    await nodes.stopAgent('node-a', 'SIGKILL');
    nodes.run(
      'node-a',
      'ip route flush proto 112; ip -6 route flush proto 112; iptables -F FORWARD; ip6tables -F PODWIRE-FORWARD',
    );
    rmSync(nodes.configurationPath('node-a'), { force: true });
    nodes.startAgent('node-a');
    const start = performance.now();
    // Anywhere between its start and the end of its first round.
    await nodes.until(() => performance.now() - start > 60 + 35 * round);
  }
  await nodes.until(
    () => nodes.readNetwork('node-a') === before.a && nodes.readConfiguration('node-a') === before.file,
  );
  expect(nodes.run('node-a', 'iptables-save | grep -c PODWIRE-FORWARD').trim()).toBe('4');
  expect(nodes.run('node-a', 'ls -A $PODWIRE_CONF_DIR').trim()).toBe('10-podwire.conflist');
});
