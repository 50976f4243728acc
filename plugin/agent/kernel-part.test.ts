import { beforeEach, describe, expect, it } from 'vitest';
import { applyKernelDelta } from '#model/kernel/apply-kernel-delta.ts';
import type { KernelSnapshot, NetnsId, NetworkNamespace } from '#model/kernel/kernel-snapshot.ts';
import type { BatchRecord } from '#model/protocol/agent-batch.ts';
import { KernelPart } from './kernel-part.ts';
import { KernelReport } from './kernel-report.ts';

const makeNamespace = (id: string, names: readonly string[] = []) =>
  ({
    ...{ id, names, kind: 'pod', sysctls: {} },
    ...{ links: [], addresses: [], routes: [], rules: [], neighbours: [], fdb: [] },
  }) as unknown as NetworkNamespace;

const makeNode = (count: number): Map<NetnsId, NetworkNamespace> =>
  new Map(Array.from({ length: count }, (_, place) => [String(place) as NetnsId, makeNamespace(String(place))]));

let namespaces = makeNode(1);
let nowMs = 0;
let part: KernelPart;

beforeEach(() => {
  nowMs = 0;
  namespaces = makeNode(1);
  part = new KernelPart({
    report: new KernelReport({ node: 'k8s-node01', bootId: 'boot' }),
    read: () => ({ namespaces, isFull: false }),
    now: () => new Date(0),
    nowMs: () => nowMs,
  });
});

const tooLarge = { isAlone: true, isTooLarge: true, reason: 'HTTP 413' };
const refused = { isAlone: true, isTooLarge: false, reason: 'HTTP 422' };

/** What a collector knows that takes at most so many namespaces in one batch. */
const tellAll = (limit: number): { readonly snapshot: KernelSnapshot | undefined; readonly batchCount: number } => {
  let snapshot: KernelSnapshot | undefined;
  let batchCount = 0;
  for (;;) {
    const [record] = part.take();
    if (record === undefined) return { snapshot, batchCount };
    if (countNamespaces(record) > limit) part.refuse(tooLarge);
    else {
      snapshot = fold(snapshot, record);
      batchCount += 1;
      part.accept();
    }
  }
};

const countNamespaces = (record: BatchRecord): number => {
  if (record.type === 'kernel.snapshot') return record.snapshot.namespaces.length;
  return record.type === 'kernel.delta' ? record.delta.changes.length : 0;
};

const fold = (known: KernelSnapshot | undefined, record: BatchRecord): KernelSnapshot | undefined => {
  if (record.type === 'kernel.snapshot') return record.snapshot;
  if (record.type !== 'kernel.delta' || known === undefined) throw new Error(`${record.type} before a snapshot`);
  const applied = applyKernelDelta(known, record.delta);
  if (!applied.ok) throw new Error(applied.error.detail);
  return applied.value;
};

describe('the kernel in batches', () => {
  it('is one snapshot, and nothing more until it changes', () => {
    namespaces = makeNode(3);
    expect(tellAll(100).snapshot?.namespaces).toEqual([...namespaces.values()]);
    expect(part.take()).toEqual([]);
  });

  it('that is too much for one batch arrives in several, in numbers that follow each other', () => {
    namespaces = makeNode(40);
    const told = tellAll(12);
    expect(told.batchCount).toBeGreaterThan(3);
    expect(told.snapshot?.namespaces).toEqual([...namespaces.values()]);
    namespaces = new Map(namespaces).set('41' as NetnsId, makeNamespace('41'));
    expect(part.take()).toMatchObject([{ type: 'kernel.delta', delta: { changes: [{ type: 'namespace.put' }] } }]);
  });

  it('that is too much even for one namespace is offered again later, not at once', () => {
    part.take();
    part.refuse(tooLarge);
    expect(part.take()).toEqual([]);
    nowMs = 60_000;
    expect(part.take()).toMatchObject([{ type: 'kernel.snapshot' }]);
  });

  it('that the collector refuses is held back for a while, then told whole', () => {
    tellAll(100);
    namespaces = makeNode(2);
    part.take();
    part.refuse(refused);
    expect(part.take()).toEqual([]);
    nowMs = 60_000;
    expect(part.take()).toMatchObject([{ type: 'kernel.snapshot' }]);
  });

  it('refused together with others is told again at once', () => {
    part.take();
    part.refuse({ ...refused, isAlone: false });
    expect(part.take()).toMatchObject([{ type: 'kernel.snapshot' }]);
  });

  it('counts the changes that nobody will see, because a later one came before the collector listened', () => {
    const tell = (): void => {
      part.take();
      part.accept();
    };
    tell();
    for (let change = 1; change <= 4; change += 1) {
      part.noteChange();
      namespaces = new Map([['0' as NetnsId, makeNamespace('0', [`/run/netns/${change}`])]]);
    }
    tell();
    expect(part.foldedChanges).toBe(3);
    part.noteChange();
    namespaces = makeNode(1);
    tell();
    expect(part.foldedChanges).toBe(3);
  });

  it('is told whole on request, and the one who asked hears when the collector has it', async () => {
    tellAll(100);
    const told = part.tellWhole();
    expect(part.take()).toMatchObject([{ type: 'kernel.snapshot' }]);
    part.accept();
    expect(await told).toEqual({ ok: true });
    const inVain = part.tellWhole();
    part.take();
    part.refuse(refused);
    expect(await inVain).toEqual({ ok: false, reason: 'HTTP 422' });
  });
});
