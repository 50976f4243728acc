import { readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { NodesWorld } from '#plugin/testing/nodes-world.ts';

const A = {
  name: 'node-a',
  podCidrs: ['10.240.1.0/24', 'fd00:240:1::/64'],
  internalIps: ['192.168.31.11', 'fd31::11'],
};
const B = {
  name: 'node-b',
  podCidrs: ['10.240.2.0/24', 'fd00:240:2::/64'],
  internalIps: ['192.168.31.12', 'fd31::12'],
};
const C = {
  name: 'node-c',
  podCidrs: ['10.240.3.0/24', 'fd00:240:3::/64'],
  internalIps: ['192.168.31.13', 'fd31::13'],
};

let nodes: NodesWorld;

beforeEach(async () => {
  nodes = await NodesWorld.open();
});

afterEach(() => nodes[Symbol.asyncDispose]());

async function startTwo(): Promise<void> {
  nodes.addNode(A);
  nodes.addNode(B);
  await nodes.untilReady('node-a', 'node-b');
  await nodes.until(() => nodes.listRoutes('node-a').length === 2 && nodes.listRoutes('node-b').length === 2);
}

const routesOf = (name: string) => nodes.listRoutes(name).map((line) => line.replace(/ metric 1024.*$/, ''));

const readNetwork = (name: string): string =>
  nodes
    .run(
      name,
      'ip route; ip -6 route; iptables-save; ip6tables-save; nft list ruleset | grep -v counter | grep -v "^#"',
    )
    .split('\n')
    .filter((line) => !/^[#:]|fe80|cni0|linkdown/.test(line))
    .join('\n');

describe('pods of two nodes on one segment', () => {
  it('reach each other in both families, each under its own address', async () => {
    await startTwo();
    const [inet = '', inet6 = ''] = nodes.addPod('node-b', 'pod-b');
    nodes.addPod('node-a', 'pod-a');
    expect([inet, inet6]).toEqual(['10.240.2.2', 'fd00:240:2::2']);
    expect([nodes.canPing('pod-a', inet), nodes.canPing('pod-a', inet6)]).toEqual([true, true]);
    expect(nodes.listFindings('node-a')).toEqual([]);
    expect(nodes.drifts).toEqual([]);
  });

  it('keep their network when the agents stop', async () => {
    await startTwo();
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
    await startTwo();
    nodes.addNode(C);
    await nodes.until(() => nodes.listRoutes('node-a').length === 4);
    expect(routesOf('node-a')).toEqual([
      '10.240.2.0/24 via 192.168.31.12 dev eth0',
      '10.240.3.0/24 via 192.168.31.13 dev eth0',
      'fd00:240:2::/64 via fd31::12 dev eth0',
      'fd00:240:3::/64 via fd31::13 dev eth0',
    ]);
    nodes.api.remove('node-b');
    await nodes.until(() => nodes.listRoutes('node-a').length === 2);
    expect(routesOf('node-a')).toEqual([
      '10.240.3.0/24 via 192.168.31.13 dev eth0',
      'fd00:240:3::/64 via fd31::13 dev eth0',
    ]);
    expect(nodes.drifts).toEqual([]);
  });

  it('a node that moves to another address is followed, and its pods stay reachable', async () => {
    await startTwo();
    const [address = ''] = nodes.addPod('node-b', 'pod-b');
    nodes.addPod('node-a', 'pod-a');
    nodes.run('node-b', 'ip address add 192.168.31.77/24 dev eth0');
    nodes.api.put({ ...B, internalIps: ['192.168.31.77', 'fd31::12'] });
    await nodes.until(() => routesOf('node-a').includes('10.240.2.0/24 via 192.168.31.77 dev eth0'));
    expect(nodes.listRoutes('node-a')).toHaveLength(2);
    expect(nodes.canPing('pod-a', address)).toBe(true);
    expect(nodes.drifts).toEqual([]);
  });

  it('a node that gets other podCIDRs gets a network of them, and the rules of the old ones last as long as their pods', async () => {
    await startTwo();
    nodes.addPod('node-b', 'pod-b');
    nodes.api.put({ ...B, podCidrs: ['10.240.9.0/24'] });
    await nodes.until(() => nodes.readConfiguration('node-b')?.includes('10.240.9.0/24') === true);
    await nodes.until(() => routesOf('node-a').join() === '10.240.9.0/24 via 192.168.31.12 dev eth0');
    expect(nodes.run('node-b', 'iptables-save')).toContain('-s 10.240.2.0/24');
    expect(nodes.run('node-b', 'iptables-save')).toContain('-s 10.240.9.0/24');
    expect(nodes.drifts).toEqual([]);
  });

  it('a node without a podCIDR waits for one, and says so', async () => {
    nodes.addNode({ ...A, podCidrs: [] });
    await nodes.until(() => nodes.listFindings('node-a').includes('node-without-pod-cidr/node-a'));
    expect(nodes.readConfiguration('node-a')).toBeUndefined();
    nodes.api.put(A);
    await nodes.untilReady('node-a');
    await nodes.until(() => nodes.listFindings('node-a').length === 0);
  });

  it('an agent that is not a node of the cluster changes nothing, and says so', async () => {
    nodes.addMachine(A);
    nodes.api.put(B);
    nodes.startAgent('node-a');
    await nodes.until(() => nodes.listFindings('node-a').includes('own-node-unknown/node-a'));
    expect(nodes.listRoutes('node-a')).toEqual([]);
    expect(nodes.run('node-a', 'cat /proc/sys/net/ipv4/ip_forward').trim()).toBe('0');
    expect(nodes.run('node-a', 'iptables-save')).not.toContain('PODWIRE');
  });

  it('without an API the network stays as it was asked for last', async () => {
    await startTwo();
    nodes.api.isUnavailable = true;
    nodes.api.endWatches();
    await nodes.until(() => nodes.listFindings('node-a').some((id) => id.startsWith('api-unreachable/')));
    nodes.run('node-a', 'ip route del 10.240.2.0/24');
    await nodes.until(() => nodes.findDrift('node-a', 'route', '10.240.2.0/24') !== undefined);
    nodes.api.isUnavailable = false;
    await nodes.until(() => nodes.listFindings('node-a').length === 0);
    expect(nodes.listRoutes('node-a')).toHaveLength(2);
  });
});

describe('what somebody changes is put right at once and told', () => {
  it.each([
    {
      what: 'a route that is deleted',
      script: 'ip route del 10.240.2.0/24',
      kind: 'route',
      object: '10.240.2.0/24',
      found: 'missing',
      command: 'ip route replace 10.240.2.0/24 via 192.168.31.12 dev eth0 proto 112',
    },
    {
      what: 'an IPv6 route that is deleted',
      script: 'ip -6 route del fd00:240:2::/64',
      kind: 'route',
      object: 'fd00:240:2::/64',
      found: 'missing',
      command: 'ip -6 route replace fd00:240:2::/64 via fd31::12 dev eth0 proto 112',
    },
    {
      what: 'a route of ours that leads elsewhere',
      script: 'ip route replace 10.240.2.0/24 via 192.168.31.1 proto 112',
      kind: 'route',
      object: '10.240.2.0/24',
      found: 'changed',
      command: 'ip route replace 10.240.2.0/24 via 192.168.31.12 dev eth0 proto 112',
    },
    {
      what: 'a route that looks like ours and leads nowhere',
      script: 'ip route add 10.240.77.0/24 via 192.168.31.77 proto 112',
      kind: 'route',
      object: '10.240.77.0/24 via 192.168.31.77 metric 0 dev eth0',
      found: 'left-over',
      command: 'ip route del 10.240.77.0/24 via 192.168.31.77 metric 0 dev eth0 proto 112',
    },
    {
      what: 'forwarding that is switched off',
      script: 'echo 0 > /proc/sys/net/ipv4/ip_forward',
      kind: 'sysctl',
      object: 'net.ipv4.ip_forward',
      found: 'changed',
      command: 'sysctl -w net.ipv4.ip_forward=1',
    },
    {
      what: 'IPv6 forwarding that is switched off',
      script: 'echo 0 > /proc/sys/net/ipv6/conf/all/forwarding',
      kind: 'sysctl',
      object: 'net.ipv6.conf.all.forwarding',
      found: 'changed',
      command: 'sysctl -w net.ipv6.conf.all.forwarding=1',
    },
    {
      what: 'a FORWARD chain that is flushed',
      script: 'iptables -F FORWARD',
      kind: 'rule',
      object: 'ip filter FORWARD',
      found: 'missing',
      command: 'iptables -t filter -I FORWARD -j PODWIRE-FORWARD',
    },
    {
      what: 'a link that goes down and comes up',
      script: 'ip link set eth0 down; ip link set eth0 up',
      kind: 'route',
      object: '10.240.2.0/24',
      found: 'missing',
      command: 'ip route replace 10.240.2.0/24 via 192.168.31.12 dev eth0 proto 112',
    },
  ] as const)('$what', async ({ script, kind, object, found, command }) => {
    await startTwo();
    const before = readNetwork('node-a');
    nodes.run('node-a', script);
    await nodes.until(() => nodes.findDrift('node-a', kind, object) !== undefined);
    expect(nodes.findDrift('node-a', kind, object)).toMatchObject({ found, outcome: 'repaired', command });
    await nodes.until(() => readNetwork('node-a') === before);
  });

  it.each([
    { what: 'removed', change: (path: string) => rmSync(path), found: 'missing' },
    { what: 'edited', change: (path: string) => writeFileSync(path, '{"plugins": []}'), found: 'changed' },
  ])('a configuration that is $what', async ({ change, found }) => {
    await startTwo();
    const path = nodes.configurationPath('node-a');
    const before = readFileSync(path, 'utf8');
    change(path);
    await nodes.until(() => nodes.findDrift('node-a', 'configuration', path) !== undefined);
    expect(nodes.findDrift('node-a', 'configuration', path)).toMatchObject({ found, outcome: 'repaired' });
    expect(readFileSync(path, 'utf8')).toBe(before);
    expect(statSync(path).mode & 0o777).toBe(0o644);
  });

  it('a repair that fails is told once, found for as long as it lasts, and made in the end', async () => {
    await startTwo();
    const path = nodes.configurationPath('node-a');
    rmSync(path);
    nodes.run('node-a', `mkdir ${path}.wait; mv -T ${path}.wait ${path}`);
    await nodes.until(() => nodes.listFindings('node-a').includes(`repair-failed/configuration/${path}`));
    const failed = nodes.drifts.filter(({ outcome }) => outcome === 'failed');
    nodes.run('node-a', `rmdir ${path}`);
    await nodes.until(() => nodes.readConfiguration('node-a') !== undefined);
    await nodes.until(() => nodes.listFindings('node-a').every((id) => !id.startsWith('repair-failed')));
    expect(failed.length).toBeLessThanOrEqual(1);
  });

  it('who keeps deleting a route is answered ever more slowly, and found', async () => {
    await startTwo();
    const loop = nodes.world.spawn([
      'ip',
      'netns',
      'exec',
      'node-a',
      'sh',
      '-c',
      'while :; do ip route del 10.240.2.0/24 2>/dev/null || sleep 0.01; done',
    ]);
    await nodes.until(() => nodes.listFindings('node-a').includes('repair-undone/route/10.240.2.0/24'));
    loop.kill('SIGKILL');
    await nodes.until(() => routesOf('node-a').includes('10.240.2.0/24 via 192.168.31.12 dev eth0'));
    const count = nodes.drifts.reduce((sum, { repeats = 1 }) => sum + repeats, 0);
    expect(count).toBeLessThan(12);
  });
});

describe('what is not ours', () => {
  it('stays: routes, rules, chains, sysctls and files of others', async () => {
    nodes.addMachine(A);
    nodes.run(
      'node-a',
      `ip route add 10.50.0.0/16 via 192.168.31.1; ip route add 10.51.0.0/16 via 192.168.31.1 proto bird
       ip route add 10.52.0.0/16 via 192.168.31.1 proto 112 table 77
       iptables -A FORWARD -s 10.1.1.1 -j ACCEPT; iptables -t nat -A POSTROUTING -s 10.1.1.1 -j MASQUERADE
       iptables -N OTHER; nft add table inet other; echo 1 > /proc/sys/net/ipv4/conf/eth0/proxy_arp
       mkdir -p ${nodes.folder}/node-a/net.d; echo '{"name":"x","cniVersion":"1.0.0","plugins":[{"type":"y"}]}' > ${nodes.folder}/node-a/net.d/20-other.conflist`,
    );
    const read = () =>
      nodes.run(
        'node-a',
        `ip route show table all | grep -E '10.5[012]'; iptables-save | grep -E '10.1.1.1|OTHER'; nft list tables | grep other; cat /proc/sys/net/ipv4/conf/eth0/proxy_arp; cat ${nodes.folder}/node-a/net.d/20-other.conflist`,
      );
    const before = read();
    nodes.api.put(A);
    nodes.startAgent('node-a');
    nodes.addNode(B);
    await nodes.untilReady('node-a');
    nodes.run('node-a', 'ip route del 10.240.2.0/24 || :; iptables -F PODWIRE-FORWARD');
    await nodes.until(() => nodes.drifts.length >= 1);
    nodes.api.remove('node-b');
    await nodes.until(() => nodes.listRoutes('node-a').length === 0);
    expect(read()).toBe(before);
  });

  it('a route of somebody else to another node’s pods stays, is found, and ours comes when it goes', async () => {
    nodes.addMachine(A);
    nodes.run('node-a', 'ip route add 10.240.2.0/24 via 192.168.31.1 proto static');
    nodes.api.put(A);
    nodes.startAgent('node-a');
    nodes.addNode(B);
    await nodes.until(() => nodes.listFindings('node-a').includes('route-in-the-way/10.240.2.0/24'));
    expect(nodes.listRoutes('node-a', '10.240.2.0/24')).toEqual([
      '10.240.2.0/24 via 192.168.31.1 dev eth0 proto static',
    ]);
    nodes.run('node-a', 'ip route del 10.240.2.0/24');
    await nodes.until(() => routesOf('node-a').includes('10.240.2.0/24 via 192.168.31.12 dev eth0'));
    await nodes.until(() => nodes.listFindings('node-a').length === 0);
  });

  it('a route that takes the place of ours is found and left alone', async () => {
    await startTwo();
    nodes.run('node-a', 'ip route replace 10.240.2.0/24 via 192.168.31.1 proto static');
    await nodes.until(() => nodes.listFindings('node-a').includes('route-in-the-way/10.240.2.0/24'));
    expect(nodes.listRoutes('node-a', '10.240.2.0/24')).toEqual([
      '10.240.2.0/24 via 192.168.31.1 dev eth0 proto static',
    ]);
  });

  it('a network that the runtime reads before ours is found', async () => {
    nodes.addNode(A);
    await nodes.untilReady('node-a');
    writeFileSync(`${nodes.folder}/node-a/net.d/05-other.conf`, '{"name":"x","cniVersion":"1.0.0","type":"y"}');
    await nodes.until(() => nodes.listFindings('node-a').some((id) => id.startsWith('network-not-first/')));
    rmSync(`${nodes.folder}/node-a/net.d/05-other.conf`);
    await nodes.until(() => nodes.listFindings('node-a').length === 0);
  });
});

describe('podwire uninstall', () => {
  it('keeps the agent from the node until podwire install, and pods keep their network', async () => {
    await startTwo();
    const [address = ''] = nodes.addPod('node-b', 'pod-b');
    nodes.addPod('node-a', 'pod-a');
    nodes.runPodwire('node-a', 'uninstall');
    await nodes.until(() => nodes.listFindings('node-a').some((id) => id.startsWith('network-unmanaged/')));
    nodes.run('node-a', 'ip -6 route del fd00:240:2::/64');
    nodes.addNode(C);
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
  await startTwo();
  const before = { a: readNetwork('node-a'), file: nodes.readConfiguration('node-a') };
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
  await nodes.until(() => readNetwork('node-a') === before.a && nodes.readConfiguration('node-a') === before.file);
  expect(nodes.run('node-a', 'iptables-save | grep -c PODWIRE-FORWARD').trim()).toBe('4');
  expect(nodes.run('node-a', 'ls -A $PODWIRE_CONF_DIR').trim()).toBe('10-podwire.conflist');
});
