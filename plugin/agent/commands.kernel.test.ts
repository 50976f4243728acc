import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { findSandboxObstacle } from './kernel-sandbox.ts';
import { TestAgentNode } from './test-agent-node.ts';

const obstacle = findSandboxObstacle();
if (obstacle !== undefined) console.warn(`skipped: ${obstacle}`);

/** A pod behind the node, and a peer that only the node can reach. */
const network = `
ip netns add cni-1111
ip link add veth1 type veth peer name eth0 netns cni-1111
ip link set veth1 up
ip addr add 10.240.2.1/24 dev veth1
ip addr add fd00:240:2::1/64 dev veth1
ip -n cni-1111 link set lo up
ip -n cni-1111 link set eth0 up
ip -n cni-1111 addr add 10.240.2.2/24 dev eth0
ip -n cni-1111 addr add fd00:240:2::2/64 dev eth0
ip -n cni-1111 route add default via 10.240.2.1
ip netns add peer
ip link add to-peer type veth peer name eth0 netns peer
ip link set to-peer up
ip addr add 192.168.9.1/24 dev to-peer
ip -n peer link set lo up
ip -n peer link set eth0 up
ip -n peer addr add 192.168.9.9/24 dev eth0
ip -n peer route add default via 192.168.9.1
sysctl -qw net.ipv4.ip_forward=1`;

describe.skipIf(obstacle !== undefined)('the agent, told by the collector', () => {
  let node: TestAgentNode;
  let commandCount = 0;

  beforeEach(async () => {
    node = await TestAgentNode.start();
    node.sandbox.run(network);
    node.startAgent();
    await node.collector.until(() => node.collector.hasListener);
  });
  afterEach(() => node.stop());

  const ask = (command: Record<string, unknown>) => {
    commandCount += 1;
    return node.collector.ask({ id: `command-${commandCount}`, ...command });
  };
  const probe = async (command: Record<string, unknown>) => {
    const { outcome, detail, probe: answer } = await ask({ type: 'probe', timeoutMs: 5_000, ...command });
    return outcome === 'answered' ? [answer?.verdict, answer?.from] : [outcome, detail];
  };
  const podNamespace = () => node.sandbox.run('stat -L -c %i /run/netns/cni-1111').trim();

  it('to send a snapshot sends all of the kernel as it is, and says so afterwards', async () => {
    await node.collector.until(() => node.collector.records.some(({ type }) => type === 'kernel.snapshot'));
    // Nothing tells of a counter: only a full reading shows it.
    node.sandbox.run('iptables -A FORWARD -j ACCEPT; ip netns exec peer ping -c1 -W5 10.240.2.2');
    const { length } = node.collector.records;
    const result = await ask({ type: 'snapshot' });
    expect(result).toEqual({ id: result.id, outcome: 'answered' });
    const since = node.collector.records.slice(length);
    const place = since.findIndex(({ type }) => type === 'kernel.snapshot');
    expect(place).toBeGreaterThan(-1);
    expect(place).toBeLessThan(since.findIndex(({ type }) => type === 'command.result'));
    const record = since[place];
    const root =
      record?.type === 'kernel.snapshot' ? record.snapshot.namespaces.find(({ kind }) => kind === 'root') : undefined;
    const [rule] = root?.netfilter?.iptables.flatMap(({ rules }) => rules) ?? [];
    expect(rule?.packets).toBe(2);
  });

  it('gives up an answer that the collector refuses for good, and counts it', async () => {
    node.collector.refusedIds.add('refused');
    node.collector.give({ id: 'refused', type: 'snapshot' });
    // The status speaks every 30 s: the next one has it.
    await node.collector.until(() => node.collector.lastStatus?.refusedReports === 1);
    expect((await ask({ type: 'snapshot' })).outcome).toBe('answered');
    expect(node.collector.commandResults.map(({ id }) => id)).not.toContain('refused');
  });

  it('to probe says what came back, and who said no', async () => {
    node.sandbox.run(`
      ip netns exec peer iptables -A INPUT -p tcp --dport 81 -j DROP
      ip netns exec peer iptables -A INPUT -p udp --dport 81 -j DROP
      iptables -A FORWARD -p tcp --dport 82 -j REJECT --reject-with icmp-host-unreachable
      iptables -A FORWARD -p tcp --dport 83 -j REJECT
      iptables -A OUTPUT -d 192.168.9.9 -p udp --dport 84 -j DROP
      ip route add blackhole 10.99.0.0/16
      ip route add prohibit 10.98.0.0/16`);
    const to = '192.168.9.9';
    const namespaceId = podNamespace();
    expect(await probe({ to, protocol: 'icmp' })).toEqual(['reply', undefined]);
    expect(await probe({ to, protocol: 'icmp', namespaceId })).toEqual(['reply', undefined]);
    expect(await probe({ to: 'fd00:240:2::2', protocol: 'icmp' })).toEqual(['reply', undefined]);
    expect(await probe({ to: '127.0.0.1', protocol: 'icmp' })).toEqual(['reply', undefined]);
    expect(await probe({ to, protocol: 'tcp', port: 80, namespaceId })).toEqual(['refused', undefined]);
    expect(await probe({ to, protocol: 'udp', port: 80, namespaceId })).toEqual(['refused', undefined]);
    expect(await probe({ to: 'fd00:240:2::2', protocol: 'udp', port: 80 })).toEqual(['refused', undefined]);
    expect(await probe({ to, protocol: 'tcp', port: 81, timeoutMs: 300 })).toEqual(['silent', undefined]);
    expect(await probe({ to, protocol: 'udp', port: 81, timeoutMs: 300 })).toEqual(['silent', undefined]);
    expect(await probe({ to, protocol: 'tcp', port: 82, namespaceId })).toEqual(['unreachable', '10.240.2.1']);
    expect(await probe({ to, protocol: 'tcp', port: 83, namespaceId })).toEqual(['refused', '10.240.2.1']);
    expect(await probe({ to, protocol: 'udp', port: 84 })).toEqual(['unreachable', 'own kernel']);
    expect(await probe({ to: '10.99.0.1', protocol: 'icmp' })).toEqual(['unreachable', 'own kernel']);
    expect(await probe({ to: '10.98.0.1', protocol: 'icmp', namespaceId })).toEqual(['unreachable', '10.240.2.1']);
    expect(await probe({ to: '2001:db8::1', protocol: 'tcp', port: 80 })).toEqual(['unreachable', 'own kernel']);
    // Nobody answers to this neighbour's ARP: the node's kernel says so itself, after a while.
    expect(await probe({ to: '192.168.9.77', protocol: 'icmp' })).toEqual(['unreachable', '192.168.9.1']);
  });

  it('to probe a port hears of one that listens', async () => {
    const program = `require('net').createServer().listen(80);
      const socket = require('dgram').createSocket('udp4', (message, { port, address }) => socket.send(message, port, address));
      socket.bind(53)`;
    const path = join(node.sandbox.folder, 'listen.cjs');
    writeFileSync(path, program);
    node.sandbox.run(`ip netns exec peer ${process.execPath} ${path} >/dev/null 2>&1 &`);
    const listening = () => node.sandbox.run('ip netns exec peer ss -Hlntu');
    await node.collector.until(() => listening().includes(':80') && listening().includes(':53'));
    const place = { to: '192.168.9.9', namespaceId: podNamespace() };
    expect(await probe({ ...place, protocol: 'tcp', port: 80 })).toEqual(['reply', undefined]);
    expect(await probe({ ...place, protocol: 'udp', port: 53 })).toEqual(['reply', undefined]);
  });

  it('to probe from a pod leaves nothing there: a deleted namespace dies at once', async () => {
    const namespaceId = podNamespace();
    expect(await probe({ to: '192.168.9.9', protocol: 'icmp', namespaceId })).toEqual(['reply', undefined]);
    const [pid] = node.sandbox.findPids('agent');
    const threads = node.sandbox.run(`readlink /proc/${pid}/task/*/ns/net | sort -u`).trim().split('\n');
    expect(threads).toEqual([node.sandbox.run('readlink /proc/self/ns/net').trim()]);
    expect(node.sandbox.run('cat /proc/[0-9]*/cmdline')).not.toContain('podwire\0probe');
    node.sandbox.run('ip netns del cni-1111');
    await node.collector.until(() => !node.sandbox.run('ip -br link').includes('veth1'));
    const late = await probe({ to: '192.168.9.9', protocol: 'icmp', namespaceId });
    expect(late).toEqual(['refused', `no network namespace ${namespaceId} on this node`]);
  });

  it('something else refuses it and says why', async () => {
    const to = '192.168.9.9';
    const details = [
      (await ask({ type: 'reboot' })).detail,
      (await ask({})).detail,
      (await ask({ type: 'probe', to, protocol: 'tcp', timeoutMs: 100 })).detail,
      (await ask({ type: 'probe', to: 'example.org', protocol: 'icmp', timeoutMs: 100 })).detail,
      (await ask({ type: 'probe', to, protocol: 'icmp', timeoutMs: 10_001 })).detail,
      (await ask({ type: 'probe', to, protocol: 'icmp', timeoutMs: 100, namespaceId: '../1' })).detail,
      (await ask({ type: 'probe', to, protocol: 'icmp', timeoutMs: 100, namespaceId: '1' })).detail,
    ];
    expect(details).toEqual([
      'no command of this agent: "reboot"',
      'no command of this agent: undefined',
      'a tcp probe needs a port',
      expect.stringMatching(/^malformed: to: /),
      expect.stringMatching(/^malformed: timeoutMs: /),
      expect.stringMatching(/^malformed: namespaceId: /),
      'no network namespace 1 on this node',
    ]);
    expect(node.collector.commandResults.map(({ outcome }) => outcome)).toEqual(details.map(() => 'refused'));
    node.collector.give('no JSON');
    node.collector.give('[]');
    node.collector.give('null');
    expect(await probe({ to, protocol: 'icmp' })).toEqual(['reply', undefined]);
  });

  it('more than it can do at once refuses the rest', async () => {
    const command = { type: 'probe', to: '10.240.2.99', protocol: 'udp', port: 9, timeoutMs: 2_000 };
    for (let number = 1; number <= 20; number += 1) node.collector.give({ id: `many-${number}`, ...command });
    await node.collector.until(() => node.collector.commandResults.length === 20);
    const refused = node.collector.commandResults.filter(({ outcome }) => outcome === 'refused');
    expect(refused.map(({ detail }) => detail)).toEqual(Array(12).fill('8 commands are running already'));
  });

  it('listens again to a collector that was gone', async () => {
    await node.collector.crash();
    await wait(500);
    node.collector.restart();
    expect(await probe({ to: '192.168.9.9', protocol: 'icmp' })).toEqual(['reply', undefined]);
    expect(new URLSearchParams(node.collector.commandQueries.at(-1)).get('node')).toBe('k8s-node01');
  });
});
