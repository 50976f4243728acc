import { runOrThrow } from '#lab/run-command.ts';
import type { BenchNode } from '../node/boot-node.ts';

/** What a CNI plugin can leave on a node, as a person would look for it. */
export type NodeTraces = {
  readonly files: readonly string[];
  readonly links: readonly string[];
  readonly routes: readonly string[];
  readonly policyRules: readonly string[];
  /** Lines of the packet filters that name Podwire. */
  readonly rules: readonly string[];
  readonly mounts: readonly string[];
  readonly processes: readonly string[];
  /** Of the node's own network but for those of links that come and go: `/proc/sys/net` as names and values. */
  readonly sysctls: readonly string[];
};

const FOLDERS = ['/opt/cni/bin', '/etc/cni/net.d', '/var/lib/podwire', '/run/podwire', '/run/netns'];

/** Settings of one link, or that count up by themselves. */
const MOVING =
  'grep -rHs "" /proc/sys/net/ipv4 /proc/sys/net/ipv6 /proc/sys/net/bridge | grep -v -e /neigh/ -e /conf/ -e /route/';

export async function readNodeTraces(node: BenchNode): Promise<NodeTraces> {
  const read = async (script: string): Promise<readonly string[]> => {
    const text = await runOrThrow([...node.enter, 'sh', '-c', `${script} || true`]);
    return text
      .split('\n')
      .map((line) => line.trim())
      .filter((line) => line !== '')
      .sort();
  };
  return {
    files: await read(`find ${FOLDERS.join(' ')} -mindepth 1 2>/dev/null`),
    links: await read("ip -o link | sed 's/^[0-9]*: //; s/[@:].*//'"),
    routes: await read('ip route show table all type unicast; ip -6 route show table all type unicast'),
    policyRules: await read('ip rule; ip -6 rule'),
    rules: await read(
      '{ nft list ruleset; iptables-save; iptables-legacy-save; ip6tables-save; } 2>/dev/null | grep -i podwire',
    ),
    mounts: await read(
      'grep -i podwire /proc/self/mounts | grep -v -e " /opt/" -e " /run/podwire-collector " -e "^podwire-cluster / " -e " /etc "',
    ),
    processes: await read("pgrep -af '[p]odwire (agent|install|uninstall)'"),
    sysctls: await read(MOVING),
  };
}
