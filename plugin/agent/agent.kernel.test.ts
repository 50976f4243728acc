import type { ChildProcess } from 'node:child_process';
import { appendFileSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { NetworkNamespace } from '#model/kernel/kernel-snapshot.ts';
import { foldKernelRecords } from './fold-kernel-records.ts';
import { findSandboxObstacle, KernelSandbox } from './kernel-sandbox.ts';
import { TestCollector } from './test-collector.ts';
import { makeJournalLine } from './test-journal.ts';

const obstacle = findSandboxObstacle();
if (obstacle !== undefined) console.warn(`skipped: ${obstacle}`);

const makePod = `
ip netns add cni-1111
ip link add veth1 type veth peer name eth0 address 0a:58:0a:f0:02:02 netns cni-1111
ip link set veth1 up
ip -n cni-1111 link set eth0 up`;

describe.skipIf(obstacle !== undefined)('the agent of a node', () => {
  let sandbox: KernelSandbox;
  let collector: TestCollector;
  let agents: ChildProcess[] = [];

  beforeEach(async () => {
    sandbox = await KernelSandbox.start();
    mkdirSync(join(sandbox.folder, 'journal'));
    collector = new TestCollector(join(sandbox.folder, 'collector.sock'));
  });
  afterEach(async () => {
    for (const agent of agents) agent.kill('SIGKILL');
    agents = [];
    await collector.close();
    await sandbox.stop();
  });

  const startAgent = (): void => {
    const agent = sandbox.startPodwire('agent', {
      PODWIRE_NODE: 'k8s-node01',
      PODWIRE_STATE: sandbox.folder,
      PODWIRE_COLLECTOR: `unix:${join(sandbox.folder, 'collector.sock')}`,
    });
    agent.stderr?.resume();
    agents.push(agent);
  };
  const killAgent = async (): Promise<void> => {
    const ended = agents.map((agent) => new Promise((resolve) => agent.once('exit', resolve)));
    sandbox.run(`kill -9 ${sandbox.findPids('agent').join(' ')}`);
    await Promise.all(ended);
    agents = [];
  };
  const journal = (...ids: string[]): void =>
    appendFileSync(join(sandbox.folder, 'journal/invocations.ndjson'), ids.map(makeJournalLine).join(''));

  /** The collector's picture of the node, folded as a collector does. */
  const foldNamespaces = (): ReadonlyMap<string, NetworkNamespace> => foldKernelRecords(collector.records);
  const findKind = (kind: string): NetworkNamespace | undefined =>
    [...foldNamespaces().values()].find((namespace) => namespace.kind === kind);

  it('ships every invocation once, and a snapshot before the first change', async () => {
    journal('a', 'b');
    startAgent();
    await collector.until(() => collector.eventIds.length >= 2 && findKind('root') !== undefined);
    journal('c');
    await collector.until(() => collector.eventIds.length >= 3);
    expect(collector.eventIds).toEqual(['a', 'b', 'c']);
    expect(collector.records.find(({ type }) => type.startsWith('kernel.'))?.type).toBe('kernel.snapshot');
    expect(collector.batches.map(({ header }) => header.sequence)).toEqual(
      collector.batches.map((_, place) => place + 1),
    );
  });

  it('killed before a batch was acknowledged loses no invocation, and numbers anew', async () => {
    journal('a');
    startAgent();
    await collector.until(() => collector.eventIds.includes('a'));
    await killAgent();
    collector.behaviour = 'silent';
    journal('b', 'c');
    // A batch holds what was journalled before it was composed: only the first of an agent is sure to hold both.
    startAgent();
    await collector.until(() => JSON.stringify(collector.unanswered).includes('"id":"c"'));
    const earlierBootIds = new Set([...collector.batches, ...collector.unanswered].map(({ header }) => header.bootId));
    await killAgent();
    journal('d');
    collector.behaviour = 'accept';
    startAgent();
    await collector.until(() => collector.eventIds.includes('d'));
    // `a` was acknowledged; its cursor may have been lost with the process, never the other way round.
    expect([...new Set(collector.eventIds)]).toEqual(['a', 'b', 'c', 'd']);
    const anew = () => collector.batches.filter(({ header }) => !earlierBootIds.has(header.bootId));
    const hasSnapshot = () => anew().some(({ records }) => records.some(({ type }) => type === 'kernel.snapshot'));
    await collector.until(hasSnapshot);
    expect(anew().map(({ header }) => header.sequence)).toEqual(anew().map((_, place) => place + 1));
  });

  it('waits for a collector that is not there, and then tells all', async () => {
    await collector.close();
    journal('a');
    startAgent();
    await wait(1_000);
    sandbox.run(makePod);
    journal('b');
    collector = new TestCollector(join(sandbox.folder, 'collector.sock'));
    collector.behaviour = 'unavailable';
    await wait(500);
    collector.behaviour = 'accept';
    await collector.until(() => collector.eventIds.includes('b') && findKind('pod') !== undefined);
    expect(collector.eventIds).toEqual(['a', 'b']);
  });

  it('sends a snapshot when the collector lost track', async () => {
    startAgent();
    await collector.until(() => findKind('root') !== undefined);
    collector.behaviour = 'ask-for-snapshot';
    const snapshots = () => collector.records.filter(({ type }) => type === 'kernel.snapshot');
    await collector.until(() => snapshots().length === 2);
    expect(snapshots()[1]).toMatchObject({ snapshot: { node: 'k8s-node01' } });
  });

  it('gives up an invocation that the collector refuses, and only that', async () => {
    startAgent();
    await collector.until(() => findKind('root') !== undefined);
    collector.behaviour = 'refuse-invocations';
    journal('refused');
    sandbox.run(makePod);
    await collector.until(() => findKind('pod') !== undefined);
    collector.behaviour = 'accept';
    journal('taken');
    await collector.until(() => collector.eventIds.includes('taken'));
    expect(collector.eventIds).toEqual(['taken']);
  }, 90_000);

  it('tells of a pod that comes, of what changes in it, and of its end', async () => {
    startAgent();
    await collector.until(() => findKind('root') !== undefined);
    sandbox.run(makePod);
    const podVeth = () => findKind('pod')?.links.find(({ name }) => name === 'eth0');
    await collector.until(() => podVeth()?.peer?.namespaceId === findKind('root')?.id);
    sandbox.run('ip -n cni-1111 addr add 10.240.2.2/24 dev eth0');
    await collector.until(() => findKind('pod')?.addresses.some(({ prefix }) => prefix === '10.240.2.2/24') === true);
    sandbox.run('iptables -A FORWARD -s 10.240.2.2 -j ACCEPT');
    const forwardRules = () => findKind('root')?.netfilter?.iptables.flatMap(({ rules }) => rules) ?? [];
    await collector.until(() => forwardRules().length === 1);
    sandbox.run('ip netns del cni-1111');
    await collector.until(() => findKind('pod') === undefined);
    await collector.until(() => findKind('root')?.links.every(({ name }) => name !== 'veth1') === true);
    expect(findKind('root')?.links.map(({ name }) => name)).toEqual(['lo']);
  });

  it('leaves no thread and no descriptor in any pod: a deleted namespace dies at once', async () => {
    startAgent();
    await collector.until(() => findKind('root') !== undefined);
    for (let round = 1; round <= 20; round += 1) {
      sandbox.run(makePod);
      const known = collector.batches.length;
      await collector.until(() => collector.batches.length > known && findKind('pod') !== undefined);
      sandbox.run(`ip -n cni-1111 addr add 10.240.2.${round + 1}/24 dev eth0; ip netns del cni-1111`);
      // The host's end goes with the namespace, and only when nothing holds it any more.
      await collector.until(() => sandbox.run('ip -br link').includes('veth1') === false);
      await collector.until(() => findKind('pod') === undefined);
    }
    const pids = sandbox.findPids('agent');
    expect(pids).toHaveLength(1);
    const namespaces = sandbox.run(`readlink /proc/${pids[0]}/task/*/ns/net | sort -u`).trim().split('\n');
    expect(namespaces).toEqual([sandbox.run('readlink /proc/self/ns/net').trim()]);
    // A helper of the engine that ends when it is quiet and starts again at any time, inside a pod's namespace too.
    const threads = sandbox.run(`cat /proc/${pids[0]}/task/*/comm`).trim().split('\n');
    expect(threads).toContain('podwire');
    expect(threads).not.toContain('JSCWarmUp');
    const held = sandbox.run(`readlink /proc/${pids[0]}/fd/* | grep '^net:' || true`);
    expect(held).toBe('');
  });
});
