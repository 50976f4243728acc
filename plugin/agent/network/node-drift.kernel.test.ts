import { readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { NODE_A, NODE_B, NodesWorld } from '#plugin/testing/nodes-world.ts';
import { hasLegacyFilter } from '#plugin/testing/rules-world.ts';

let nodes: NodesWorld;

beforeEach(async () => {
  nodes = await NodesWorld.open();
});

afterEach(() => nodes[Symbol.asyncDispose]());

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
  ] as const)('$what', async ({ script, kind, object, found, command }) => {
    await nodes.startTwoNodes();
    const before = nodes.readNetwork('node-a');
    nodes.run('node-a', script);
    await nodes.until(() => nodes.findDrift('node-a', kind, object) !== undefined);
    expect(nodes.findDrift('node-a', kind, object)).toMatchObject({ found, outcome: 'repaired', command });
    await nodes.until(() => nodes.readNetwork('node-a') === before);
  });

  it.each([
    { what: 'removed', change: (path: string) => rmSync(path), found: 'missing' },
    { what: 'edited', change: (path: string) => writeFileSync(path, '{"plugins": []}'), found: 'changed' },
  ])('a configuration that is $what', async ({ change, found }) => {
    await nodes.startTwoNodes();
    const path = nodes.configurationPath('node-a');
    const before = readFileSync(path, 'utf8');
    change(path);
    await nodes.until(() => nodes.findDrift('node-a', 'configuration', path) !== undefined);
    expect(nodes.findDrift('node-a', 'configuration', path)).toMatchObject({ found, outcome: 'repaired' });
    expect(readFileSync(path, 'utf8')).toBe(before);
    expect(statSync(path).mode & 0o777).toBe(0o644);
  });

  it('a configuration whose directory is removed, again and again', async () => {
    await nodes.startTwoNodes();
    const path = nodes.configurationPath('node-a');
    for (let round = 0; round < 3; round += 1) {
      const before = nodes.countDrifts('node-a', path);
      // The agent may put the file back before its directory goes.
      nodes.run('node-a', 'until rm -r "$PODWIRE_CONF_DIR" 2>/dev/null; do :; done');
      await nodes.until(
        () => nodes.countDrifts('node-a', path) > before && nodes.readConfiguration('node-a') !== undefined,
      );
    }
  });

  it('a repair that fails is told once, found for as long as it lasts, and made in the end', async () => {
    await nodes.startTwoNodes();
    const path = nodes.configurationPath('node-a');
    nodes.run('node-a', `until rm -f ${path} && mkdir ${path} 2>/dev/null; do :; done`);
    await nodes.until(() => nodes.listFindings('node-a').includes(`repair-failed/configuration/${path}`));
    const [finding] = nodes.findings.get('node-a') ?? [];
    expect(finding?.title).toContain('is a directory');
    nodes.run('node-a', `rmdir ${path}`);
    await nodes.until(() => nodes.readConfiguration('node-a') !== undefined);
    await nodes.until(() => nodes.listFindings('node-a').length === 0);
    const failed = nodes.drifts.filter(({ outcome }) => outcome === 'failed');
    expect(failed).toMatchObject([
      { kind: 'configuration', object: path, error: expect.stringContaining('directory') },
    ]);
    expect(failed[0]?.repeats).toBeUndefined();
  });

  it('who keeps deleting a route is answered ever more slowly, and found', async () => {
    await nodes.startTwoNodes();
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
    await nodes.until(() => nodes.listOwnRoutes('node-a').includes('10.240.2.0/24 via 192.168.31.12 dev eth0'));
    const count = nodes.countDrifts('node-a', '10.240.2.0/24');
    expect(count).toBeLessThan(12);
  });
});

it.skipIf(!hasLegacyFilter)(
  'a flush of the older filter, which tells nobody, is found by the look every 30 s',
  async () => {
    nodes.addMachine(NODE_A);
    nodes.api.put(NODE_A);
    const names = ['iptables', 'ip6tables'].flatMap((name) => ['', '-save', '-restore'].map((action) => name + action));
    nodes.run(
      'node-a',
      `mkdir -p /run/bin; for name in ${names.join(' ')}; do ln -sf $(command -v xtables-legacy-multi) /run/bin/$name; done`,
    );
    nodes.startAgent('node-a', { PATH: `/run/bin:${process.env.PATH}:/usr/sbin:/sbin` });
    await nodes.untilReady('node-a');
    const read = () => nodes.run('node-a', 'iptables-legacy -t nat -S PODWIRE-POSTROUTING');
    const before = read();
    expect(before).toContain('MASQUERADE');
    nodes.run('node-a', 'iptables-legacy -t nat -F PODWIRE-POSTROUTING');
    await nodes.until(() => nodes.findDrift('node-a', 'rule', 'ip nat PODWIRE-POSTROUTING') !== undefined);
    expect(read()).toBe(before);
  },
);

describe('what is not ours', () => {
  it('stays: routes, rules, chains, sysctls and files of others', async () => {
    nodes.addMachine(NODE_A);
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
    nodes.api.put(NODE_A);
    nodes.startAgent('node-a');
    nodes.addNode(NODE_B);
    await nodes.untilReady('node-a');
    nodes.run('node-a', 'ip route del 10.240.2.0/24 || :; iptables -F PODWIRE-FORWARD');
    await nodes.until(() => nodes.drifts.length >= 1);
    nodes.api.remove('node-b');
    await nodes.until(() => nodes.listRoutes('node-a').length === 0);
    expect(read()).toBe(before);
  });

  it('a route of somebody else to another node’s pods stays, is found, and ours comes when it goes', async () => {
    nodes.addMachine(NODE_A);
    nodes.run('node-a', 'ip route add 10.240.2.0/24 via 192.168.31.1 proto static');
    nodes.api.put(NODE_A);
    nodes.startAgent('node-a');
    nodes.addNode(NODE_B);
    await nodes.until(() => nodes.listFindings('node-a').includes('route-in-the-way/10.240.2.0/24'));
    expect(nodes.listRoutes('node-a', 'proto static 10.240.2.0/24')).toEqual([
      '10.240.2.0/24 via 192.168.31.1 dev eth0',
    ]);
    nodes.run('node-a', 'ip route del 10.240.2.0/24');
    await nodes.until(() => nodes.listOwnRoutes('node-a').includes('10.240.2.0/24 via 192.168.31.12 dev eth0'));
    await nodes.until(() => nodes.listFindings('node-a').length === 0);
  });

  it('a route that takes the place of ours is found and left alone', async () => {
    await nodes.startTwoNodes();
    nodes.run('node-a', 'ip route replace 10.240.2.0/24 via 192.168.31.1 proto static');
    await nodes.until(() => nodes.listFindings('node-a').includes('route-in-the-way/10.240.2.0/24'));
    expect(nodes.listRoutes('node-a', 'proto static 10.240.2.0/24')).toEqual([
      '10.240.2.0/24 via 192.168.31.1 dev eth0',
    ]);
  });

  it('a network that the runtime reads before ours is found', async () => {
    nodes.addNode(NODE_A);
    await nodes.untilReady('node-a');
    writeFileSync(`${nodes.folder}/node-a/net.d/05-other.conf`, '{"name":"x","cniVersion":"1.0.0","type":"y"}');
    await nodes.until(() => nodes.listFindings('node-a').some((id) => id.startsWith('network-not-first/')));
    rmSync(`${nodes.folder}/node-a/net.d/05-other.conf`);
    await nodes.until(() => nodes.listFindings('node-a').length === 0);
  });
});
