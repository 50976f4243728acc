import type { ChildProcess } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { KernelSnapshot } from '#model/kernel/kernel-snapshot.ts';
import { equalJson } from '#model/topology/equal-json.ts';
import { describeNamespaces, describeSnapshot } from './comparable-namespace.ts';
import { foldKernelRecords } from './fold-kernel-records.ts';
import { findSandboxObstacle, KernelSandbox, podwireExecutable } from './kernel-sandbox.ts';
import { TestCollector } from './test-collector.ts';

const obstacle = findSandboxObstacle();
if (obstacle !== undefined) console.warn(`skipped: ${obstacle}`);

/** Two pods on a bridge, a foreign namespace that no link of the node leads to, and an uplink. */
const node = `
ip link add cni0 address 0a:58:0a:f0:02:01 type bridge; ip link set cni0 up; ip addr add 10.240.2.1/24 dev cni0
ip link add uplink type veth peer name upstream; ip link set upstream up; ip link set uplink up
ip addr add 192.168.31.163/24 dev uplink
for n in 1 2; do
  ip netns add cni-$n
  ip link add veth$n type veth peer name eth0 netns cni-$n; ip link set veth$n master cni0 up
  ip -n cni-$n link set lo up; ip -n cni-$n link set eth0 up; ip -n cni-$n addr add 10.240.2.1$n/24 dev eth0
  ip -n cni-$n route add default via 10.240.2.1
done
ip netns add foreign
ip link add flannel.1 type vxlan id 1 dstport 8472 local 192.168.31.163 nolearning; ip link set flannel.1 up`;

/** Each is one change of the kernel, and the way back is another. `N` stands for a number. */
const changes: Readonly<Record<string, string>> = {
  'an MTU': 'ip link set veth1 mtu 1400; ip -n cni-1 link set eth0 mtu 1399',
  'a link that goes down': 'ip -n cni-2 link set eth0 down',
  'a link that comes up': 'ip -n cni-2 link set eth0 up; ip -n cni-2 route add default via 10.240.2.1',
  'flags of a bridge port': 'bridge link set dev veth1 hairpin on isolated on learning off',
  'a port that leaves its bridge': 'ip link set veth2 nomaster',
  'a port that comes back': 'ip link set veth2 master cni0',
  'a renamed link': 'ip link set veth1 down; ip link set veth1 name calia; ip link set calia up',
  'the old name': 'ip link set calia down; ip link set calia name veth1; ip link set veth1 up',
  'a MAC': 'ip link set uplink address 02:00:00:00:00:77',
  'a new pod': `ip netns add cni-3; ip link add veth3 type veth peer name eth0 netns cni-3; ip link set veth3 master cni0 up
    ip -n cni-3 link set eth0 up; ip -n cni-3 addr add 10.240.2.13/24 dev eth0`,
  'a pod that ends': 'ip netns del cni-3',
  'a pair of which both ends stay down': 'ip link add late0 type veth peer name late1',
  'an end that moves into a pod': 'ip link set late1 netns cni-1',
  'an end that moves on, and one right after it was made': `ip -n cni-1 link set late1 netns foreign
    ip link add late2 type veth peer name late3; ip link set late3 netns cni-2`,
  'no ends any more': 'ip link del late0; ip link del late2',
  'a link that moves away below a macvlan': `ip link add late6 type veth peer name late7; ip link add mac6 link late6 type macvlan
    ip link set late6 netns foreign`,
  'no macvlan any more': 'ip link del late7',
  'a macvlan in a pod':
    'ip link add mac0 link uplink netns cni-1 type macvlan mode bridge; ip -n cni-1 link set mac0 up',
  'a macvlan that goes': 'ip -n cni-1 link del mac0',
  'a VLAN link': 'ip link add link uplink name uplink.7 type vlan id 7; ip link set uplink.7 up',
  'a VLAN link that goes': 'ip link del uplink.7 2>/dev/null || true',
  'a tap and a tun': 'ip tuntap add tap0 mode tap; ip tuntap add tun0 mode tun; ip link set tun0 up',
  'no tap any more': 'ip link del tap0; ip link del tun0',
  'addresses of both families': 'ip addr add 10.9.0.1/24 dev uplink; ip -n cni-1 addr add fd00:9::1/64 dev eth0 nodad',
  'a secondary address': 'ip addr add 10.9.0.2/24 dev uplink',
  'a primary address that goes, and with it its routes': `ip route add 10.77.0.0/16 via 10.9.0.9 src 10.9.0.2
    ip addr del 10.9.0.1/24 dev uplink`,
  'no addresses': 'ip addr flush dev uplink scope global; ip addr add 192.168.31.163/24 dev uplink',
  'routes of several tables': `ip route add 10.240.1.0/24 via 192.168.31.162 proto 112; ip route add 10.98.0.0/16 dev uplink mtu 1400
    ip route add default table 100 nexthop via 192.168.31.1 weight 3 nexthop via 192.168.31.2
    ip -n cni-1 route add 10.55.0.0/16 via 10.240.2.1 metric 7; ip route add blackhole 10.99.0.0/16
    ip route add 10.6.0.0/16 encap ip id 5 dst 192.168.31.9 via 192.168.31.2`,
  'a replaced route':
    'ip route replace 10.240.1.0/24 via 192.168.31.164 proto 112; ip route append 10.98.0.0/16 via 192.168.31.7',
  'routes that go': 'ip route del default table 100; ip route del 10.98.0.0/16; ip -n cni-1 route del 10.55.0.0/16',
  'IPv6 routes with one hop and then two': `ip -6 route add fd00:7::/64 via fe80::1 dev cni0 metric 9
    ip -6 route append fd00:7::/64 via fe80::2 dev cni0 metric 9; ip -6 route add fd00:8::/64 dev cni0`,
  'IPv6 routes that lose a hop':
    'ip -6 route del fd00:7::/64 via fe80::1 dev cni0 metric 9; ip -6 route replace fd00:8::/64 dev uplink',
  'nexthop objects': `ip nexthop add id 1 via 192.168.31.5 dev uplink; ip nexthop add id 2 via 192.168.31.6 dev uplink
    ip nexthop add id 9 group 1,2/2,5; ip route add 10.44.0.0/16 nhid 9`,
  'a nexthop object that goes': 'ip nexthop del id 1',
  'policy rules': `ip rule add pref 100 from 10.240.2.0/24 iif cni0 fwmark 0x4/0xff lookup 100; ip rule add pref 200 to 10.99.0.1 prohibit
    ip -6 rule add pref 300 from fd00::/16 lookup 100; ip -n cni-2 rule add pref 5 lookup 7`,
  'policy rules of one priority':
    'ip rule add pref 100 from 10.1.0.0/16 ipproto tcp lookup 100; ip rule add pref 100 from 10.1.0.0/16 ipproto udp lookup 100',
  'no policy rules': 'ip rule del pref 100; ip rule del pref 200; ip -n cni-2 rule del pref 5',
  neighbours: `ip neigh add 10.240.2.50 lladdr 02:00:00:00:00:50 dev cni0; ip -n cni-1 neigh add 10.240.2.51 lladdr 02:00:00:00:00:51 dev eth0 nud permanent
    ip neigh add fe80::50 lladdr 02:00:00:00:00:50 dev cni0 nud permanent`,
  'neighbours that change and go': `ip neigh replace 10.240.2.50 lladdr 02:00:00:00:00:55 dev cni0; ip -n cni-1 neigh del 10.240.2.51 dev eth0
    ip neigh change fe80::50 dev cni0 nud noarp`,
  'bridge entries': `bridge fdb append 00:00:00:00:00:00 dst 192.168.31.162 dev flannel.1; bridge fdb append 00:00:00:00:00:00 dst 192.168.31.165 dev flannel.1
    bridge fdb add 02:00:00:00:00:99 dev veth2 master static; bridge fdb add 02:00:00:00:00:98 dev flannel.1 dst 192.168.31.162`,
  'bridge entries that go':
    'bridge fdb del 02:00:00:00:00:99 dev veth2 master; bridge fdb del 00:00:00:00:00:00 dst 192.168.31.165 dev flannel.1',
  'settings of one link':
    'sysctl -qw net.ipv4.conf.veth2.rp_filter=2 net.ipv4.conf.veth2.forwarding=0 net.ipv6.conf.veth2.proxy_ndp=1',
  'settings of a namespace':
    'ip netns exec cni-1 sysctl -qw net.ipv4.ip_forward=1 net.ipv6.conf.all.forwarding=1; sysctl -qw net.ipv4.ip_forward=1',
  'rules of the node': 'iptables -A FORWARD -i cni0 -j ACCEPT; nft add table inet podwire-test',
  'rules of a pod, and of a foreign namespace':
    'ip netns exec cni-2 iptables -A OUTPUT -d 169.254.169.254 -j DROP; ip netns exec foreign nft add table ip x',
  'a link in the foreign namespace':
    'ip -n foreign link add br9 type bridge; ip -n foreign link set br9 up; ip -n foreign addr add 10.3.3.3/24 dev br9',
  classifiers: `tc qdisc add dev veth2 clsact; tc filter add dev veth2 ingress protocol ip u32 match ip dst 10.0.0.0/8 flowid 1:1
    ip netns exec cni-1 tc qdisc add dev eth0 root handle 1: htb`,
  'no classifiers': 'tc qdisc del dev veth2 clsact',
  'classes, and a filter below one of them': `tc qdisc add dev veth1 root handle 1: htb; tc class add dev veth1 parent 1: classid 1:1 htb rate 10mbit
    tc class add dev veth1 parent 1:1 classid 1:10 htb rate 5mbit
    tc filter add dev veth1 parent 1:1 protocol ip u32 match ip dst 10.1.0.0/16 flowid 1:10`,
  'a class that changes': 'tc class change dev veth1 parent 1:1 classid 1:10 htb rate 4mbit',
  'no classes': 'tc qdisc del dev veth1 root',
  'a block of filters that two links share': `tc qdisc add dev veth1 ingress_block 22 clsact; tc qdisc add dev veth2 ingress_block 22 clsact
    tc filter add block 22 chain 3 protocol ip u32 match ip dst 10.1.0.0/16 flowid 1:1`,
  'a shared block that goes': 'tc qdisc del dev veth1 clsact; tc qdisc del dev veth2 clsact',
  'a link with classifiers': 'ip link add late4 type veth peer name late5; tc qdisc add dev late4 clsact',
  'a link that takes its classifiers along': 'ip link del late4',
};

describe.skipIf(obstacle !== undefined)('an agent that follows the kernel by its notifications', () => {
  let sandbox: KernelSandbox;
  let collector: TestCollector;
  let agent: ChildProcess;
  let log = '';

  beforeEach(async () => {
    sandbox = await KernelSandbox.start();
    mkdirSync(join(sandbox.folder, 'journal'));
    collector = new TestCollector(join(sandbox.folder, 'collector.sock'));
    sandbox.run(node);
    agent = sandbox.startPodwire('agent', {
      PODWIRE_NODE: 'k8s-node01',
      PODWIRE_STATE: sandbox.folder,
      PODWIRE_COLLECTOR: `unix:${join(sandbox.folder, 'collector.sock')}`,
    });
    log = '';
    agent.stderr?.on('data', (chunk) => {
      log += chunk;
    });
    await collector.until(() => foldKernelRecords(collector.records).size === 4);
  });
  afterEach(async () => {
    agent.kill('SIGKILL');
    await collector.close();
    await sandbox.stop();
  });

  /** @returns false where this kernel lacks the kind of link */
  const tryToRun = (script: string): boolean => {
    try {
      sandbox.run(script);
      return true;
    } catch (error) {
      if (!String(error).includes('Unknown device type')) throw error;
      console.warn(`skipped, as this kernel lacks it: ${script}`);
      return false;
    }
  };
  const readNow = (): Record<string, unknown> =>
    describeSnapshot(KernelSnapshot.parse(sandbox.readJson(`PODWIRE_NODE=k8s-node01 ${podwireExecutable} snapshot`)));
  const told = (): Record<string, unknown> => describeNamespaces(foldKernelRecords(collector.records).values());
  /** Until the collector knows what a process reads that never saw a notification. @returns both, for a readable failure */
  const meet = async (withinMs: number) => {
    const endsAtMs = performance.now() + withinMs;
    for (;;) {
      const sides = { told: told(), read: readNow() };
      if (equalJson(sides.told, sides.read) || performance.now() > endsAtMs) return sides;
      await wait(50);
    }
  };
  /** Ends the agent. @returns what it counted */
  const stopAgent = async (): Promise<Record<string, number>> => {
    const ended = new Promise((resolve) => agent.once('close', resolve));
    sandbox.run(`kill -TERM ${sandbox.findPids('agent').join(' ')}`);
    await ended;
    const line = log.split('\n').find((each) => each.includes('agent stopped'));
    return JSON.parse(line ?? '{}');
  };

  it('knows after each change what a fresh reading says, to the last attribute', async () => {
    for (const [what, script] of Object.entries(changes)) {
      if (!tryToRun(script)) continue;
      const { told: known, read } = await meet(10_000);
      expect(known, what).toEqual(read);
    }
    // Corrections are the next test's: where a full reading falls between a tap and its carrier, of which the kernel is
    // silent, there is one.
    expect(await stopAgent()).toMatchObject({ notificationOverflows: 0 });
  });

  it('pods that come and go all the time leave nothing behind, and a full reading meanwhile finds nothing missed', async () => {
    const endsAtMs = performance.now() + resyncMs + 5_000;
    for (let round = 0; performance.now() < endsAtMs; round += 1) {
      const names = Array.from({ length: 5 }, (_, place) => `cni-${round % 7}-${place}`);
      sandbox.run(names.map((name, place) => comingPod(name, `storm${place}`, round)).join('\n'));
      // While the agent reads them.
      sandbox.run(names.map((name) => `ip netns del ${name}`).join('\n'));
      // The host's end goes with the namespace, and only when nothing holds it any more.
      await until(() => !sandbox.run('ip -br link').includes('storm'));
    }
    const { told: known, read } = await meet(10_000);
    expect(known).toEqual(read);
    const [pid] = sandbox.findPids('agent');
    const places = sandbox.run(`readlink /proc/${pid}/task/*/ns/net | sort -u`).trim().split('\n');
    expect(places).toEqual([sandbox.run('readlink /proc/self/ns/net').trim()]);
    const held = sandbox.run(
      `stat -L -c '%i %n' /proc/${pid}/fd/* 2>/dev/null | grep -E "^($(ls -i /run/netns | awk '{print $1}' | paste -sd'|')) " || true`,
    );
    expect(held).toBe('');
    const counts = await stopAgent();
    expect(counts, log).toMatchObject({ corrections: 0, notificationOverflows: 0 });
    expect(counts.resyncs).toBeGreaterThanOrEqual(2);
  });

  it('a namespace does not inherit what was told of the one that had its number before', async () => {
    const pids = sandbox.findPids('agent').join(' ');
    sandbox.run(`kill -STOP ${pids}`);
    for (const round of [1, 2, 3]) {
      sandbox.run(`${comingPod('cni-7', 'storm0', round)}\nip netns del cni-7`);
      await until(() => !sandbox.run('ip -br link').includes('storm'));
    }
    sandbox.run(`${comingPod('cni-8', 'storm0', 4)}\nkill -CONT ${pids}`);
    agent.kill('SIGCONT');
    const { told: known, read } = await meet(10_000);
    expect(known).toEqual(read);
  });

  it('notifications that were lost lead to a full reading at once, and are counted', async () => {
    const pids = sandbox.findPids('agent').join(' ');
    sandbox.run(`kill -STOP ${pids}`);
    // More than the kernel's buffer holds: 8 MB where net.core.rmem_max allows it.
    const flood = Array.from({ length: 5_000 }, (_, place) => `link set veth1 mtu ${1300 + (place % 200)}`);
    writeFileSync(join(sandbox.folder, 'flood'), `${flood.join('\n')}\nlink del veth2\n`);
    sandbox.run(`ip -batch ${join(sandbox.folder, 'flood')}; kill -CONT ${pids}`);
    // nsenter stops with the process it started, and does not go on with it.
    agent.kill('SIGCONT');
    const { told: known, read } = await meet(30_000);
    expect(known).toEqual(read);
    const counts = await stopAgent();
    expect(counts.notificationOverflows).toBeGreaterThanOrEqual(1);
    expect(counts.resyncs).toBeGreaterThanOrEqual(2);
  });

  it('what no notification tells is found by the full reading, and counted where it is a record', async () => {
    sandbox.run(`ip neigh add proxy 10.9.9.9 dev cni0; ip -n cni-1 neigh add proxy 10.9.9.8 dev eth0
      iptables-legacy -A INPUT -i uplink -j ACCEPT; sysctl -qw net.ipv4.conf.all.arp_ignore=1
      if command -v ipset >/dev/null; then ipset create blocked hash:ip; ipset add blocked 10.1.1.1; fi
      ip netns exec foreign iptables-legacy -A INPUT -i br9 -j DROP
      ip netns exec foreign sysctl -qw net.ipv4.conf.default.arp_ignore=2
      if command -v ipset >/dev/null; then ip netns exec foreign ipset create first hash:net; fi`);
    const known = () => [...foldKernelRecords(collector.records).values()];
    const root = () => known().find(({ kind }) => kind === 'root');
    const proxies = () =>
      known().flatMap(({ neighbours }) => neighbours.filter(({ flags }) => flags.includes('proxy')));
    await until(() => proxies().length === 2);
    const legacy = () => root()?.netfilter?.iptables.find(({ backend }) => backend === 'legacy');
    await until(() => legacy() !== undefined);
    expect(legacy()?.rules.map(({ text }) => text)).toEqual(['-A INPUT -i uplink -j ACCEPT']);
    expect(root()?.sysctls['net.ipv4.conf.all.arp_ignore']).toBe('1');
    const { told: one, read: other } = await meet(10_000);
    expect(one).toEqual(other);
    // In a pod as in the root by the next full reading: one was at the start, and a slow machine may have come to a third.
    const counts = await stopAgent();
    expect(counts).toMatchObject({ corrections: 2 });
    expect(counts.resyncs).toBeLessThanOrEqual(3);
  });
});

/** As in follow-kernel.ts: a test has to live through one. */
const resyncMs = 30_000;

/** The test's own time limit ends a wait that is in vain. */
async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await wait(20);
}

const comingPod = (name: string, veth: string, round: number): string => `
ip netns add ${name}
ip link add ${veth} type veth peer name eth0 netns ${name}; ip link set ${veth} master cni0 up
ip -n ${name} link set lo up; ip -n ${name} link set eth0 up; ip -n ${name} addr add 10.240.3.${round % 250}/24 dev eth0
ip -n ${name} route add default via 10.240.3.254; ip route add 10.241.${round % 250}.0/24 dev ${veth} metric 1${veth.at(-1)}`;
