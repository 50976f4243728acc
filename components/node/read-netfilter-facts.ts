import type { Netfilter } from '#model/kernel/kernel-snapshot.ts';
import type { TopologyNamespace } from '#model/topology/topology.ts';
import type { SceneFact, Tone } from './node-scene.ts';

/**
 * The few lines that decide whether the root namespace forwards a packet. A line whose reading is missing has no value:
 * it is unknown, which is not the same as 0.
 */
export function readNetfilterFacts(
  root: TopologyNamespace | undefined,
  unknown: SceneFact['unknown'],
): readonly SceneFact[] {
  const iptables = root?.netfilter?.iptables.find((tables) => tables.family === 'inet');
  const policy = readForwardPolicy(root?.netfilter);
  const rules = iptables?.rules;
  const accepts = rules?.filter((rule) => rule.chain.startsWith('PODWIRE-') && / -j ACCEPT\b/.test(rule.text));
  const masquerades = rules?.filter((rule) => rule.table === 'nat' && / -j MASQUERADE\b/.test(rule.text));
  const backend = iptables === undefined ? unknown : `iptables, ${iptables.backend}`;
  const facts: readonly Omit<SceneFact, 'unknown'>[] = [
    {
      id: 'forward-policy',
      label: 'FORWARD policy',
      value: policy,
      tone: policy === 'DROP' ? 'warning' : 'quiet',
      why: `What happens to a forwarded packet that no rule of FORWARD takes (${backend})`,
    },
    countFact(
      { id: 'accept-rules', label: 'accept rules of podwire', why: 'ACCEPT rules in chains PODWIRE-*' },
      accepts?.length,
    ),
    countFact({ id: 'masquerade', label: 'masquerade', why: 'MASQUERADE rules in table nat' }, masquerades?.length),
    sysctlFact(root, 'net.ipv4.ip_forward', 'ip_forward'),
    sysctlFact(root, 'net.bridge.bridge-nf-call-iptables', 'bridge-nf-call-iptables'),
  ];
  return facts.map((fact) => ({ ...fact, unknown }));
}

/** The policy of the built-in chain as iptables prints it, else that of the nftables base chains at the same hook. */
function readForwardPolicy(netfilter: Netfilter | undefined): string | undefined {
  const chain = netfilter?.iptables
    .find((tables) => tables.family === 'inet')
    ?.chains.find((candidate) => candidate.table === 'filter' && candidate.chain === 'FORWARD');
  if (chain?.policy !== undefined) {
    return chain.policy;
  }
  const policies = (netfilter?.nft ?? []).flatMap((entry) => {
    const nft = entry.chain;
    const isForward = typeof nft === 'object' && nft !== null && 'hook' in nft && nft.hook === 'forward';
    return isForward && 'policy' in nft && typeof nft.policy === 'string' ? [nft.policy.toUpperCase()] : [];
  });
  return policies.includes('DROP') ? 'DROP' : policies[0];
}

function countFact(
  words: Pick<SceneFact, 'id' | 'label' | 'why'>,
  count: number | undefined,
): Omit<SceneFact, 'unknown'> {
  const value = count === undefined ? undefined : `${count} ${count === 1 ? 'rule' : 'rules'}`;
  return { ...words, value, tone: 'quiet' };
}

function sysctlFact(root: TopologyNamespace | undefined, key: string, label: string): Omit<SceneFact, 'unknown'> {
  const value = root?.sysctls[key];
  const tone: Tone = key === 'net.ipv4.ip_forward' && value === '0' ? 'warning' : 'quiet';
  return { id: label, label, value, tone, why: `sysctl ${key} of the root network namespace` };
}
