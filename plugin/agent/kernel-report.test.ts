import { describe, expect, it } from 'vitest';
import type { KernelChange } from '#model/kernel/kernel-delta.ts';
import type { NetworkNamespace } from '#model/kernel/kernel-snapshot.ts';
import { BatchRecord } from '#model/protocol/agent-batch.ts';
import { KernelReport } from './kernel-report.ts';

const makeNamespace = (id: string, change: object = {}): NetworkNamespace =>
  ({
    id,
    names: [],
    kind: 'pod',
    links: [{ index: 1, name: 'lo', mtuBytes: 65_536, flags: ['UP'], operState: 'unknown', raw: {} }],
    addresses: [],
    routes: [],
    rules: [],
    neighbours: [makeNeighbour('reachable')],
    fdb: [],
    sysctls: {},
    netfilter: makeNetfilter(1),
    ...change,
  }) as unknown as NetworkNamespace;

const makeNeighbour = (state: string): object => ({
  linkIndex: 1,
  family: 'inet',
  ip: '10.240.2.1',
  mac: '0a:58:0a:f0:02:01',
  state,
  flags: [],
  raw: { state },
});

const makeNetfilter = (packets: number, problems: readonly string[] = []): object => ({
  iptables: [
    {
      family: 'inet',
      backend: 'nf_tables',
      chains: [{ table: 'filter', chain: 'FORWARD', policy: 'DROP', packets, bytes: packets * 84 }],
      rules: [{ table: 'filter', chain: 'FORWARD', number: 1, text: '-A FORWARD -j ACCEPT', packets, bytes: 0 }],
    },
  ],
  nft: [{ rule: { handle: 3, expr: [{ counter: { packets, bytes: packets * 84 } }, { accept: null }] } }],
  problems,
});

const mapOf = (...namespaces: NetworkNamespace[]) => new Map(namespaces.map((namespace) => [namespace.id, namespace]));
const quick = { time: '2026-11-24T08:00:00.000Z', isFull: false };
const full = { ...quick, isFull: true };

const startWith = (...namespaces: NetworkNamespace[]): KernelReport => {
  const report = new KernelReport({ node: 'k8s-node01', bootId: 'boot' });
  report.next(mapOf(...namespaces), quick);
  return report;
};

const changesOf = (record: BatchRecord | undefined): unknown =>
  record?.type === 'kernel.delta' ? record.delta.changes.map(describeChange) : record?.type;

function describeChange(change: KernelChange): string {
  if (change.type === 'namespace.put') return `put ${change.namespace.id}`;
  if (change.type === 'namespace.remove') return `remove ${change.namespaceId}`;
  const { namespaceId, type: _, put, remove, ...rest } = change;
  return ['change', namespaceId, ...Object.keys(put), ...Object.keys(remove), ...Object.keys(rest)].join(' ');
}

describe('what the collector is told of the kernel', () => {
  it('begins with a snapshot that fits the contract', () => {
    const report = new KernelReport({ node: 'k8s-node01', bootId: 'boot' });
    const record = report.next(mapOf(makeNamespace('1'), makeNamespace('2')), quick);
    expect(BatchRecord.safeParse(record).error).toBeUndefined();
    expect(record).toMatchObject({
      type: 'kernel.snapshot',
      snapshot: { sequence: 1, namespaces: [{ id: '1' }, { id: '2' }] },
    });
  });

  it('goes on with what changed in a namespace, and with those that came and went, under the next number', () => {
    const report = startWith(makeNamespace('1'), makeNamespace('2'));
    const record = report.next(mapOf(makeNamespace('1', { names: ['/run/netns/cni-1'] }), makeNamespace('3')), quick);
    expect(changesOf(record)).toEqual(['remove 2', 'change 1 names', 'put 3']);
    expect(record).toMatchObject({ delta: { sequence: 2 } });
    expect(BatchRecord.safeParse(record).error).toBeUndefined();
  });

  it('is nothing where nothing changed', () => {
    const report = startWith(makeNamespace('1'));
    expect(report.next(mapOf(makeNamespace('1')), full)).toBeUndefined();
  });

  it.each([
    ['a neighbour that is merely confirmed anew', { neighbours: [makeNeighbour('stale')] }, 'change 1 neighbours'],
    ['packets counted by rules', { netfilter: makeNetfilter(7) }, 'change 1 netfilter'],
  ])('leaves out %s until the next full reading', (_, change, told) => {
    const report = startWith(makeNamespace('1'));
    const moved = mapOf(makeNamespace('1', change));
    expect(report.next(moved, quick)).toBeUndefined();
    expect(changesOf(report.next(moved, full))).toEqual([told]);
    expect(report.next(moved, full)).toBeUndefined();
  });

  it.each([
    ['a neighbour that no longer answers', { neighbours: [makeNeighbour('failed')] }, 'change 1 neighbours'],
    [
      'a netfilter table that can no longer be read',
      { netfilter: makeNetfilter(1, ['nft: not found']) },
      'change 1 netfilter',
    ],
  ])('tells %s at once', (_, change, told) => {
    const report = startWith(makeNamespace('1'));
    expect(changesOf(report.next(mapOf(makeNamespace('1', change)), quick))).toEqual([told]);
  });

  it('tells a change beside noise alone, and the noise after the next full reading', () => {
    const [lo] = makeNamespace('1').links;
    const report = startWith(makeNamespace('1'));
    const moved = mapOf(
      makeNamespace('1', { links: [{ ...lo, mtuBytes: 1500 }], neighbours: [makeNeighbour('stale')] }),
    );
    expect(changesOf(report.next(moved, quick))).toEqual(['change 1 links']);
    expect(report.next(moved, quick)).toBeUndefined();
    expect(changesOf(report.next(moved, full))).toEqual(['change 1 neighbours']);
  });

  it('is a snapshot again after the collector lost track, numbered on', () => {
    const report = startWith(makeNamespace('1'));
    report.forget();
    expect(report.next(mapOf(makeNamespace('1')), quick)).toMatchObject({
      type: 'kernel.snapshot',
      snapshot: { sequence: 2 },
    });
  });
});

describe('peers of WireGuard', () => {
  const withHandshake = (lastHandshakeAt: string, ...allowedIps: string[]) => {
    const peers = [{ publicKey: 'k=', allowedIps, lastHandshakeAt }];
    return new Map([['1', makeNamespace('1', { wireguard: [{ linkIndex: 5, peers }] })]]) as never;
  };
  const [early, late] = ['2026-11-25T18:00:00.000Z', '2026-11-25T18:02:00.000Z'];

  it('that only shook hands again are told when everything is asked for, a new prefix at once', () => {
    const report = new KernelReport({ node: 'k8s-node01', bootId: 'boot' });
    report.next(withHandshake(early), { time: early, isFull: false });
    expect(report.next(withHandshake(late), { time: late, isFull: false })).toBeUndefined();
    expect(report.next(withHandshake(late, '10.1.0.0/16'), { time: late, isFull: false })).toBeDefined();
    expect(report.next(withHandshake(early, '10.1.0.0/16'), { time: late, isFull: true })).toBeDefined();
  });
});
