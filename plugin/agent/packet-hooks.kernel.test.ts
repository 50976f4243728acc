import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { KernelSnapshot, type NetworkNamespace } from '#model/kernel/kernel-snapshot.ts';
import { findSandboxObstacle, KernelSandbox, podwireExecutable } from './kernel-sandbox.ts';

const obstacle = findSandboxObstacle();
if (obstacle !== undefined) console.warn(`skipped: ${obstacle}`);

const node = `
ip link add veth1 type veth peer name veth1p; ip link add veth2 type veth peer name veth2p; ip link set veth1 up
tc qdisc add dev veth1 root handle 1: htb; tc class add dev veth1 parent 1: classid 1:1 htb rate 10mbit
tc class add dev veth1 parent 1:1 classid 1:10 htb rate 5mbit; tc class add dev veth1 parent 1:1 classid 1:20 htb rate 1mbit
tc qdisc add dev veth1 parent 1:20 handle 20: tbf rate 1mbit burst 10k latency 10ms
tc filter add dev veth1 parent 1: protocol ip prio 7 u32 match ip dst 10.0.0.0/8 flowid 1:1
tc filter add dev veth1 parent 1:1 protocol ip prio 9 u32 match ip dst 10.1.0.0/16 flowid 1:20
for link in veth1 veth2; do tc qdisc add dev $link ingress_block 22 clsact; done
tc filter add block 22 chain 3 protocol ipv6 prio 5 u32 match ip6 dst fd00::/8 flowid 1:1`;

/** Why this kernel cannot be asked; undefined where it can. */
function findLack(sandbox: KernelSandbox, script: string): string | undefined {
  try {
    sandbox.run(script);
    return undefined;
  } catch (error) {
    return String(error).trim().split('\n').at(-1);
  }
}

describe.skipIf(obstacle !== undefined)('what takes packets aside on a node, beside what the tools say', () => {
  let sandbox: KernelSandbox;
  beforeAll(async () => {
    sandbox = await KernelSandbox.start();
    sandbox.run(node);
  });
  afterAll(async () => sandbox?.stop());

  const readRoot = (): NetworkNamespace => {
    const { namespaces } = KernelSnapshot.parse(sandbox.readJson(`${podwireExecutable} snapshot`));
    const [root] = namespaces;
    if (root === undefined) throw new Error('no namespace in the snapshot');
    return root;
  };
  const nameOf = ({ links }: NetworkNamespace, index: number) => links.find((link) => link.index === index)?.name;

  it('classes with the one above, and the qdisc that holds their packets', () => {
    const root = readRoot();
    const told = (root.trafficControl?.classes ?? []).map(
      ({ kind, handle, parent, leaf }) =>
        `class ${kind} ${handle} ${parent === 'root' ? 'root' : `parent ${parent}`}${leaf ? ` leaf ${leaf}` : ''}`,
    );
    const lines = sandbox.run('tc class show dev veth1').split('\n');
    const said = lines
      .filter((line) => line.startsWith('class htb'))
      .map((line) => line.replace(/ (prio|rate) .*/, ''));
    expect(told.sort()).toEqual(said.map((line) => line.trim()).sort());
    expect(told).toContain('class htb 1:20 parent 1:1 leaf 20:');
  });

  it('filters below a class, and below the qdisc', () => {
    const { filters = [] } = readRoot().trafficControl ?? {};
    const places = filters.map(({ parent, priority, protocol }) => `${parent} ${priority} ${protocol}`);
    expect(new Set(places)).toEqual(new Set(['1: 7 ip', '1:1 9 ip', 'ingress 5 ipv6']));
    for (const parent of ['1:', '1:1']) {
      const said = sandbox.run(`tc filter show dev veth1 parent ${parent}`).match(/fh \S+/g) ?? [];
      expect(filters.filter((filter) => filter.parent === parent)).toHaveLength(said.length);
    }
  });

  it('a filter in a shared block stands on each link that shares it', () => {
    const root = readRoot();
    const shared = (root.trafficControl?.filters ?? []).filter(({ block }) => block === 22);
    const places = shared.map(({ linkIndex, parent, chain }) => `${nameOf(root, linkIndex)} ${parent} chain ${chain}`);
    expect(new Set(places)).toEqual(new Set(['veth1 ingress chain 3', 'veth2 ingress chain 3']));
  });

  it('what may not be asked about BPF is told as unknown', () => {
    // Root of a user namespace of its own has no say over programs of the machine.
    expect(readRoot().bpf).toEqual({ programs: [], problem: expect.stringContaining('EPERM') });
  });

  it('VLANs of a filtering bridge and of its ports', ({ skip }) => {
    const lack = findLack(sandbox, 'ip link add br1 type bridge vlan_filtering 1');
    if (lack !== undefined) {
      console.warn(`skipped: VLANs of bridges, as this kernel has no CONFIG_BRIDGE_VLAN_FILTERING: ${lack}`);
      return skip();
    }
    sandbox.run(`ip link set veth2 master br1; bridge vlan del dev veth2 vid 1
      bridge vlan add dev veth2 vid 100 pvid untagged; bridge vlan add dev veth2 vid 200-209
      bridge vlan add dev br1 vid 100 self`);
    const root = readRoot();
    const told = Object.fromEntries((root.bridgeVlans ?? []).map((each) => [nameOf(root, each.linkIndex), each.vlans]));
    expect(told).toEqual({
      veth2: [
        { first: 100, last: 100, isPvid: true, isUntagged: true },
        { first: 200, last: 209, isPvid: false, isUntagged: false },
      ],
      br1: [
        { first: 1, last: 1, isPvid: true, isUntagged: true },
        { first: 100, last: 100, isPvid: false, isUntagged: false },
      ],
    });
  });

  it('peers of a WireGuard link, and none of its secrets', ({ skip }) => {
    const lack = findLack(
      sandbox,
      'ip link add wg0 type wireguard; command -v wg >/dev/null || { echo no wg >&2; false; }',
    );
    if (lack !== undefined) {
      console.warn(`skipped: peers of WireGuard, which take the module and the tool wg: ${lack}`);
      return skip();
    }
    const [secret, shared] = ['wg genkey', 'wg genpsk'].map((command) => sandbox.run(command).trim());
    const peer = sandbox.run('wg genkey | wg pubkey').trim();
    sandbox.run(`echo ${secret} >/run/key; echo ${shared} >/run/psk
      wg set wg0 private-key /run/key listen-port 51820 fwmark 0xca6c peer ${peer} preshared-key /run/psk \
        endpoint 192.0.2.1:51821 persistent-keepalive 25 allowed-ips 10.240.1.0/24,fd00::/64`);
    const root = readRoot();
    expect(root.wireguard).toEqual([
      {
        linkIndex: root.links.find(({ name }) => name === 'wg0')?.index,
        publicKey: sandbox.run(`echo ${secret} | wg pubkey`).trim(),
        listenPort: 51820,
        mark: '0xca6c',
        peers: [
          {
            publicKey: peer,
            endpoint: '192.0.2.1:51821',
            keepaliveSeconds: 25,
            allowedIps: ['10.240.1.0/24', 'fd00::/64'],
          },
        ],
      },
    ]);
    expect(JSON.stringify(root)).not.toContain(secret);
    expect(JSON.stringify(root)).not.toContain(shared);
  });
});
