import { expect, test } from 'vitest';
import { type Neighbour, NetworkNamespace } from '#model/kernel/kernel-snapshot.ts';
import { buildPodNamespace } from '#model/testing/build-node.ts';
import { findCorrections } from './find-corrections.ts';

const pod = buildPodNamespace(1);
const none = new Set<never>();
const neighbour = (state: string, flags: string[] = []): Neighbour =>
  ({ linkIndex: 2, family: 'inet', ip: '10.240.2.1', state, flags, raw: { state } }) as unknown as Neighbour;
const withNeighbours = (...neighbours: Neighbour[]): NetworkNamespace => ({ ...pod, neighbours });

test('a reading that says what was told corrects nothing', () => {
  expect(findCorrections(pod, structuredClone(pod), none)).toHaveLength(0);
});

test('each record that differs, came or went counts once', () => {
  const [lo, ...rest] = pod.links;
  if (lo === undefined) throw new Error('the pod has a loopback link');
  const read = { ...pod, links: [{ ...lo, mtuBytes: 1400 }], routes: [] };
  expect(findCorrections(pod, read, none)).toHaveLength(1 + rest.length + pod.routes.length);
});

test('what moves by itself is no correction: confirmations, rule counters, settings that only files tell', () => {
  const told = { ...withNeighbours(neighbour('reachable')), sysctls: { 'net.ipv4.ip_forward': '0' } };
  const read = { ...withNeighbours(neighbour('stale')), sysctls: { 'net.ipv4.ip_forward': '1' } };
  expect(
    findCorrections(told, { ...read, netfilter: { iptables: [], nft: [{ rule: {} }], problems: [] } }, none),
  ).toHaveLength(0);
});

test('what no notification tells is no correction either: programs and peers; VLANs of bridges, which are told, are one', () => {
  const hooks = (number: number) =>
    NetworkNamespace.parse({
      ...pod,
      bpf: { programs: [{ linkIndex: 2, hook: 'tcx/ingress', position: 0, programId: number }] },
      wireguard: [{ linkIndex: 2, listenPort: number, peers: [] }],
    });
  expect(findCorrections(hooks(1), hooks(2), none)).toHaveLength(0);
  const withVlan = (id: number) =>
    NetworkNamespace.parse({
      ...pod,
      bridgeVlans: [{ linkIndex: 2, vlans: [{ first: id, last: id, isPvid: true, isUntagged: true }] }],
    });
  expect(findCorrections(withVlan(1), withVlan(2), none)).toEqual(['bridgeVlans']);
  expect(findCorrections(withVlan(1), withVlan(2), new Set(['bridgeVlans'] as const))).toHaveLength(0);
});

test('a neighbour that does not answer comes and goes silently; one that a link answers for does not', () => {
  expect(findCorrections(withNeighbours(), withNeighbours(neighbour('incomplete')), none)).toHaveLength(0);
  expect(findCorrections(withNeighbours(), withNeighbours(neighbour('none', ['proxy'])), none)).toHaveLength(1);
});

test('an IPv6 address is told when it is proved to be nobody else’s; one that somebody else has is told at once', () => {
  const [address] = pod.addresses;
  if (address === undefined) throw new Error('the pod has an address');
  const withFlags = (...flags: string[]): NetworkNamespace => ({ ...pod, addresses: [{ ...address, flags }] });
  const without = { ...pod, addresses: [] };
  expect(findCorrections(without, withFlags('permanent', 'tentative'), none)).toHaveLength(0);
  expect(findCorrections(withFlags('permanent'), withFlags('permanent', 'tentative'), none)).toHaveLength(0);
  expect(findCorrections(without, withFlags('permanent'), none)).toHaveLength(1);
  expect(findCorrections(without, withFlags('permanent', 'tentative', 'dadfailed'), none)).toHaveLength(1);
});

test('a table that was read anew meanwhile proves nothing', () => {
  expect(findCorrections(pod, { ...pod, routes: [] }, new Set(['routes']))).toHaveLength(0);
});
