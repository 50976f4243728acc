import { expect, test } from 'vitest';
import { buildPodNamespace } from '../testing/build-node.ts';
import { applyNamespaceChange } from './apply-kernel-delta.ts';
import { diffNamespace } from './diff-namespace.ts';
import { KernelChange } from './kernel-delta.ts';
import { NetworkNamespace } from './kernel-snapshot.ts';
import { numberRecordIds, RECORD_IDS } from './record-id.ts';

/** mulberry32: the same numbers from the same seed, so that a failure can be repeated. */
function makeRandom(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) % below;
  };
}
type Random = ReturnType<typeof makeRandom>;

/** Up to five records over few identities: some stand twice or thrice, with contents that differ or do not. */
const several = <T>(random: Random, make: () => T): T[] => Array.from({ length: random(6) }, make);

function makeRandomNamespace(random: Random): NetworkNamespace {
  const raw = () => ({ seen: random(3) });
  const linkIndex = () => 1 + random(3);
  const inet = { family: 'inet' as const };
  return NetworkNamespace.parse({
    ...buildPodNamespace(1),
    names: several(random, () => `/run/netns/cni-${random(3)}`),
    kind: (['root', 'pod', 'other'] as const)[random(3)],
    links: several(random, () => ({
      ...{ index: linkIndex(), name: `eth${random(3)}`, mtuBytes: 1500, flags: [], operState: 'up', raw: raw() },
    })),
    addresses: several(random, () => ({
      ...{ ...inet, linkIndex: linkIndex(), prefix: `10.0.0.${random(2)}/24`, scope: 'global', flags: [], raw: raw() },
    })),
    routes: several(random, () => ({
      ...{ ...inet, table: 254, type: 'unicast', destination: 'default', protocol: 'boot', scope: 'global' },
      ...{ metric: random(2), linkIndex: linkIndex(), raw: raw() },
    })),
    rules: several(random, () => ({ ...inet, priority: random(2), action: 'lookup', table: 254, raw: raw() })),
    neighbours: several(random, () => ({
      ...{ ...inet, linkIndex: linkIndex(), ip: '10.0.0.1', state: 'stale', raw: raw() },
      flags: random(2) === 0 ? [] : ['proxy'],
    })),
    fdb: several(random, () => ({
      ...{ linkIndex: linkIndex(), mac: '02:00:00:00:00:01', state: 'static', flags: [], raw: raw() },
    })),
    sysctls: Object.fromEntries(several(random, () => [`net.ipv4.conf.eth${random(3)}.rp_filter`, String(random(2))])),
    netfilter: { iptables: [], nft: several(random, raw), problems: [] },
    nextHops: several(random, () => ({ id: 1 + random(3), isBlackhole: true, protocol: 'boot', raw: raw() })),
    trafficControl: {
      qdiscs: several(random, () => ({ linkIndex: 1, kind: 'htb', handle: '1:', parent: 'root', raw: raw() })),
      filters: [],
      classes: several(random, () => ({ linkIndex: 1, kind: 'htb', handle: '1:1', parent: 'root', raw: raw() })),
    },
    bpf: {
      programs: several(random, () => ({ linkIndex: 1, hook: 'tcx/ingress', position: 0, programId: random(3) })),
      ...(random(3) === 0 && { problem: 'BPF programs: EPERM' }),
    },
    bridgeVlans: several(random, () => ({ linkIndex: linkIndex(), vlans: [] })),
    wireguard: several(random, () => ({ linkIndex: linkIndex(), peers: [] })),
  });
}

const kinds = Object.keys(RECORD_IDS) as (keyof typeof RECORD_IDS)[];

/** Collections by identity: their order is not part of what is told. */
function keyed(namespace: NetworkNamespace): unknown {
  const collections = kinds.map((kind) => {
    const records = namespace[kind] as readonly unknown[];
    const ids = numberRecordIds(records, RECORD_IDS[kind] as (record: unknown) => string);
    return [kind, Object.fromEntries(ids.map((id, place) => [id, records[place]]))];
  });
  return { ...namespace, ...Object.fromEntries(collections) };
}

test('whoever knows one state of a namespace and is told the difference knows the other, whatever the two are', () => {
  for (let seed = 1; seed <= 2_000; seed += 1) {
    const random = makeRandom(seed);
    const [before, after] = [makeRandomNamespace(random), makeRandomNamespace(random)];
    const change = diffNamespace(before, after);
    const told = change === undefined ? before : applyNamespaceChange(before, change);
    expect(keyed(told), `seed ${seed}`).toEqual(keyed(after));
  }
});

/** `namespace` as it is after a few notifications: some records at their places are others, most are the very same. */
function changeSome(namespace: NetworkNamespace, random: Random): NetworkNamespace {
  const other = makeRandomNamespace(random);
  const collections = kinds.map((kind) => {
    const others = other[kind] as readonly unknown[];
    const records = (namespace[kind] as readonly unknown[]).map((record, place) =>
      random(3) === 0 ? (others[place] ?? record) : record,
    );
    return [kind, records];
  });
  return { ...namespace, ...Object.fromEntries(collections) };
}

test('what is told of a few changed records is the same whether the others are the very same or merely equal', () => {
  for (let seed = 1; seed <= 2_000; seed += 1) {
    const random = makeRandom(seed);
    const before = makeRandomNamespace(random);
    const after = changeSome(before, random);
    const change = diffNamespace(before, after);
    expect(change, `seed ${seed}`).toEqual(diffNamespace(before, structuredClone(after)));
    const told = change === undefined ? before : applyNamespaceChange(before, change);
    expect(keyed(told), `seed ${seed}`).toEqual(keyed(after));
  }
});

test('a change says what the contract says, after a way over JSON too', () => {
  for (let seed = 1; seed <= 200; seed += 1) {
    const random = makeRandom(seed);
    const [before, after] = [makeRandomNamespace(random), makeRandomNamespace(random)];
    const change = diffNamespace(before, after);
    if (change !== undefined) expect(KernelChange.parse(JSON.parse(JSON.stringify(change)))).toEqual(change);
  }
});

test('nothing is told of a namespace that was merely read again', () => {
  const namespace = makeRandomNamespace(makeRandom(7));
  expect(diffNamespace(namespace, structuredClone(namespace))).toBeUndefined();
});

test('one changed link of many is told alone', () => {
  const before = buildPodNamespace(1);
  const after = {
    ...before,
    links: before.links.map((link, place) => (place === 1 ? { ...link, mtuBytes: 900 } : link)),
  };
  expect(diffNamespace(before, after)).toEqual({
    type: 'namespace.change',
    namespaceId: before.id,
    put: { links: [after.links[1]] },
    remove: {},
  });
});

test('of two records of one identity the one that goes is told by its number, and the rest anew', () => {
  const before = buildPodNamespace(1);
  const [route] = before.routes;
  if (route === undefined) throw new Error('the pod has a route');
  const twice = { ...before, routes: [{ ...route, protocol: 'boot' }, route] };
  const once = { ...before, routes: [route] };
  const change = diffNamespace(twice, once);
  expect(change?.remove.routes).toEqual([`${RECORD_IDS.routes(route)}#2`]);
  expect(change?.put.routes).toEqual([route]);
});
