import { spawnSync } from 'node:child_process';
import { realpathSync } from 'node:fs';
import type { JsonObject } from '#model/json.ts';
import { type CniOutcome, type KernelWorld, openKernelWorld } from './kernel-world.ts';
import { ipamConfiguration } from './network-configuration.ts';

/** What a node has to set rules with. */
export type RulesTools = 'iptables-nft' | 'iptables-legacy' | 'nft';

const PROBE = 'mount -t tmpfs tmpfs /run && PATH=$PATH:/usr/sbin:/sbin iptables-legacy -t nat -S';

/** More and more kernels are built without the older filter (CONFIG_NETFILTER_XTABLES_LEGACY). */
export const hasLegacyFilter =
  spawnSync('unshare', ['-Urnm', '--propagation', 'private', 'sh', '-c', PROBE]).status === 0;
if (!hasLegacyFilter) console.log('skipped: rules with iptables-legacy; this kernel or machine has none');

export const ALL_TOOLS: readonly RulesTools[] = hasLegacyFilter
  ? ['iptables-nft', 'iptables-legacy', 'nft']
  : ['iptables-nft', 'nft'];

/** Copies that the plugin does not find: a test sets and reads rules with them whatever the node has. */
export const TOOLS = '/run/tools';
const BIN = '/run/bin';

const NAMES = ['iptables', 'ip6tables'].flatMap((name) => ['', '-save', '-restore'].map((action) => name + action));

const PREPARE = `set -e
mkdir -p ${TOOLS} ${BIN}
cp "$(readlink -f "$(command -v iptables-nft)")" ${TOOLS}/xtables-nft-multi
cp "$(readlink -f "$(command -v iptables-legacy)")" ${TOOLS}/xtables-legacy-multi || :
cp "$(readlink -f "$(command -v nft)")" ${TOOLS}/nft
for action in '' -save -restore; do for kind in nft legacy; do for name in iptables ip6tables; do
  ln -s xtables-$kind-multi ${TOOLS}/$name-$kind$action
done; done; done
ip link add uplink type veth peer name eth0 netns far
ip address add 192.0.2.1/24 dev uplink; ip address add 2001:db8::1/64 dev uplink nodad; ip link set uplink up
ip route add 10.8.0.0/24 via 192.0.2.2; ip route add fd00:8::/64 via 2001:db8::2
ip -n far address add 192.0.2.2/24 dev eth0; ip -n far address add 2001:db8::2/64 dev eth0 nodad
ip -n far link set eth0 up; ip -n far link set lo up
ip -n far address add 10.8.0.2/32 dev lo; ip -n far address add fd00:8::2/128 dev lo nodad
ip -n far route add 10.9.0.0/24 via 192.0.2.1; ip -n far route add fd00:9::/64 via 2001:db8::1`;

/**
 * A node with namespaces for pods (`one`, `two`, `three`) and another host (`far`), which is 192.0.2.2 and 2001:db8::2,
 * and also 10.8.0.2 and fd00:8::2, as if it had pods too. It knows the way back to 10.9.0.0/24 and fd00:9::/64.
 */
export class RulesWorld implements Disposable {
  readonly world: KernelWorld;
  #path = process.env.PATH ?? '';

  private constructor(world: KernelWorld) {
    this.world = world;
  }

  static async open(): Promise<RulesWorld> {
    const world = await openKernelWorld();
    world.addNamespaces('one', 'two', 'three', 'far');
    world.exec('sh', '-c', PREPARE);
    return new RulesWorld(world);
  }

  get path(): string {
    return this.#path;
  }

  /** Links the plain names to one kind of iptables, or takes iptables away. */
  equip(tools: RulesTools): void {
    if (tools === 'nft') this.hidePrograms('iptables-nft', 'iptables-legacy');
    else this.linkIptables(`${TOOLS}/xtables-${tools.replace('iptables-', '')}-multi`);
  }

  /** @param target found by all the plain names of iptables, before the node's own */
  linkIptables(target: string): void {
    for (const name of NAMES) this.world.exec('ln', '-sf', target, `${BIN}/${name}`);
    this.#path = `${BIN}:${process.env.PATH}`;
  }

  /** From now on nobody can execute them; by default all three. */
  hidePrograms(...names: readonly string[]): void {
    this.world.exec('rm', '-rf', BIN);
    for (const name of names.length === 0 ? ['iptables-nft', 'iptables-legacy', 'nft'] : names) {
      // Nothing is found where it is hidden already.
      const path = this.world.try(['sh', '-c', `command -v ${name}`]).stdout.trim();
      if (path !== '') this.world.exec('mount', '--bind', '/dev/null', realpathSync(path));
    }
  }

  /** A pod's container has the name of its namespace. */
  call(command: string, netns: string, input: JsonObject): CniOutcome {
    return this.world.cni({
      command,
      containerId: netns,
      netns,
      ifName: 'eth0',
      input,
      variables: { PATH: this.path },
    });
  }

  dropForwarded(kind: 'nft' | 'legacy'): void {
    for (const name of ['iptables', 'ip6tables']) this.world.exec(`${TOOLS}/${name}-${kind}`, '-P', 'FORWARD', 'DROP');
  }

  /** Every rule that carries the network's name, as iptables-save and nft print it; one of both only once. */
  listOwnRules(network = 'podnet'): readonly string[] {
    const saved = ['iptables-nft', 'ip6tables-nft', ...(hasLegacyFilter ? ['iptables-legacy', 'ip6tables-legacy'] : [])]
      .flatMap((name) => this.world.exec(`${TOOLS}/${name}-save`).split('\n'))
      .filter((line) => line.includes(` --comment ${network} `));
    const native = this.world
      .exec(`${TOOLS}/nft`, '-s', 'list', 'ruleset')
      .split('\n')
      .filter((line) => line.includes(` comment "${network}"`) && !line.includes('ifname'));
    return [...saved, ...native.map((line) => line.trim())];
  }

  [Symbol.dispose](): void {
    this.world[Symbol.dispose]();
  }
}

/** Which of the kernel's two filters a node's own tools speak to. */
export function filterOf(tools: RulesTools): 'nft' | 'legacy' {
  return tools === 'iptables-legacy' ? 'legacy' : 'nft';
}

/** Masqueraded, pods in 10.9.0.0/24 and fd00:9::/64, the other nodes' pods in 10.0.0.0/8 and fd00::/16. */
export function dualStackConfiguration(changes: JsonObject = {}): JsonObject {
  const ranges = [[{ subnet: '10.9.0.0/24' }], [{ subnet: 'fd00:9::/64' }]];
  return ipamConfiguration({ ranges }, { ipMasq: true, clusterCidr: '10.0.0.0/8,fd00::/16', ...changes });
}
