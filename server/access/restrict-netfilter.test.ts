import { expect, test } from 'vitest';
import type { Netfilter } from '#model/kernel/kernel-snapshot.ts';
import type { NodeSight } from './node-sight.ts';
import { restrictNetfilter } from './restrict-netfilter.ts';

const nothing: ReadonlySet<never> = new Set<never>();
const sight: NodeSight = {
  ...{ seesNodes: true, rootId: '1', attachments: [], podNamespaces: nothing, hostEnds: nothing, bridges: nothing },
  ...{ links: nothing, macs: nothing, gateways: nothing },
  rootLinkNames: new Set(['cni0', 'eth0', 'vethmine']),
  addresses: new Set(['10.240.2.2', 'fd00::2', '192.168.31.163']),
};

const restrict = (text: string): string | undefined => {
  const chain = text.split(' ')[1] ?? '';
  const rule = { table: 'filter', chain, number: 1, text, packets: 0, bytes: 0 };
  const netfilter = {
    iptables: [{ family: 'inet', backend: 'legacy', chains: [], rules: [rule] }],
    nft: [],
    problems: [],
  };
  return restrictNetfilter(netfilter as Netfilter, sight).iptables[0]?.rules[0]?.text;
};

test.each([
  '-A FORWARD -j PODWIRE-FORWARD',
  '-A PODWIRE-FORWARD -i cni0 -j ACCEPT',
  '-A PODWIRE-POSTROUTING -s 10.240.2.0/24 ! -d 224.0.0.0/4 -j MASQUERADE',
  '-A FORWARD -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT',
  '-A INPUT -p tcp -m tcp --dport 22 --tcp-flags FIN,SYN,RST,ACK SYN -j ACCEPT',
  '-A KUBE-MARK-MASQ -j MARK --set-xmark 0x4000/0x4000',
  '-A KUBE-POSTROUTING -m mark ! --mark 0x4000/0x4000 -j RETURN',
  '-A POSTROUTING -s 10.240.2.2/32 -o eth0 -j MASQUERADE --random-fully',
  '-A FORWARD -i vethmine -o cali+ -j ACCEPT',
  '-A FORWARD -d fd00::2/128 -j ACCEPT',
  '-A INPUT -m limit --limit 3/min -j ACCEPT',
  '-A OUTPUT -d 127.0.0.1/32 -j ACCEPT',
])('a rule of the node, of networks or of what may be seen is shown: %s', (text) => {
  expect(restrict(text)).toBe(text);
});

test.each([
  '-A FORWARD -s 10.240.2.3/32 -j ACCEPT',
  '-A FORWARD -s 10.240.2.3 -j ACCEPT',
  '-A FORWARD -d fd00::3/128 -j ACCEPT',
  '-A PREROUTING -p tcp -m tcp --dport 80 -j DNAT --to-destination 10.240.2.3:8080',
  '-A PREROUTING -p tcp -m tcp --dport 80 -j DNAT --to-destination [fd00::3]:8080',
  '-A FORWARD -m iprange --src-range 10.240.2.2-10.240.2.3 -j ACCEPT',
  '-A FORWARD -i vethother -j ACCEPT',
  '-A FORWARD -m physdev --physdev-in vethother -j ACCEPT',
  '-A FORWARD -m mac --mac-source 0a:58:0a:f0:02:03 -j ACCEPT',
  '-A FORWARD -m set --match-set pods-of-other src -j ACCEPT',
  '-A FORWARD -m string --string other --algo bm -j DROP',
  '-A FORWARD -j LOG --log-prefix other',
  '-A FORWARD -j LOG --log-prefix OTHER',
  '-A FORWARD -m set --match-set fade src -j ACCEPT',
  '-A FORWARD -j KUBE-SVC-OTHER2',
  '-A KUBE-SEP-OTHER -j KUBE-MARK-MASQ',
  '-A FORWARD -g cali-fw-other',
  '-A FORWARD -m owner --uid-owner other -j ACCEPT',
  '-A FORWARD -m cgroup --path kubepods/pod-other -j ACCEPT',
])('a rule that may be about somebody else is not: %s', (text) => {
  expect(restrict(text)).toBeUndefined();
});

test.each([
  [
    '-A FORWARD -m comment --comment "other/web:http" -j ACCEPT',
    '-A FORWARD -m comment --comment "(not shown)" -j ACCEPT',
  ],
  ['-A FORWARD -m comment --comment other -j ACCEPT', '-A FORWARD -m comment --comment "(not shown)" -j ACCEPT'],
  [
    '-A FORWARD -m comment --comment "a \\"quoted\\" other" -s 10.240.2.2/32 -m comment --comment "twice other" -j ACCEPT',
    '-A FORWARD -m comment --comment "(not shown)" -s 10.240.2.2/32 -m comment --comment "(not shown)" -j ACCEPT',
  ],
])('a comment is left out of a rule that is shown: %s', (text, shown) => {
  expect(restrict(text)).toBe(shown);
});

test('how many rules are not shown is said where the dashboard says what is not known', () => {
  const rule = {
    table: 'filter',
    chain: 'FORWARD',
    number: 1,
    text: '-A FORWARD -s 10.9.9.9/32',
    packets: 0,
    bytes: 0,
  };
  const chains = [
    { table: 'filter', chain: 'FORWARD', policy: 'DROP', packets: 0, bytes: 0 },
    { table: 'filter', chain: 'cali-fw-other', packets: 0, bytes: 0 },
  ];
  const base = { family: 'ip', table: 'filter', name: 'forward', hook: 'forward', policy: 'drop' };
  const seen = restrictNetfilter(
    {
      iptables: [{ family: 'inet', backend: 'legacy', chains, rules: [rule, rule] }],
      nft: [{ metainfo: { version: '1.1' } }, { chain: base }, { chain: { ...base, comment: 'other' } }, { rule: {} }],
      ipsets: [{ name: 'other', kind: 'hash:ip', entries: ['10.9.9.9'] }],
      problems: ['set other cannot be read'],
    },
    sight,
  );
  expect(seen.iptables[0]?.chains.map(({ chain }) => chain)).toEqual(['FORWARD']);
  expect(seen.nft).toEqual([{ metainfo: { version: '1.1' } }, { chain: base }]);
  expect(seen.problems.map((problem) => problem.split(' of namespaces')[0])).toEqual([
    '2 rules of iptables are not shown: they may be about pods',
    '3 rules, chains and sets of nftables and ipset are not shown: they may be about pods',
    'A part of netfilter could not be read.',
  ]);
});
