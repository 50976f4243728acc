import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { KernelSnapshot } from '#model/kernel/kernel-snapshot.ts';
import { foldKernelRecords } from './fold-kernel-records.ts';
import { findSandboxObstacle, podwireExecutable } from './kernel-sandbox.ts';
import { TestAgentNode } from './test-agent-node.ts';

const obstacle = findSandboxObstacle();
if (obstacle !== undefined) console.warn(`skipped: ${obstacle}`);

/** As a container engine does it: no process is left in the namespace. */
const bindElsewhere = (path: string): string => `
touch '${path}'; unshare -n mount --bind /proc/self/ns/net '${path}'
ip link add engine0 type veth peer name eth0; ip link set eth0 netns '${path}'
nsenter --net='${path}' ip addr add 172.17.0.2/16 dev eth0`;

describe.skipIf(obstacle !== undefined)('a namespace that is bound outside of /run/netns and holds no process', () => {
  let node: TestAgentNode;
  beforeAll(async () => {
    node = await TestAgentNode.start();
    node.sandbox.run('mkdir -p "/run/docker/net ns"');
  });
  afterAll(async () => node?.stop());

  const path = '/run/docker/net ns/1';
  const read = (): KernelSnapshot['namespaces'] =>
    KernelSnapshot.parse(node.sandbox.readJson(`${podwireExecutable} snapshot`)).namespaces;

  it('is followed from its beginning to its end, and its veth leads there', async () => {
    node.startAgent();
    const told = () => [...foldKernelRecords(node.collector.records).values()];
    await node.collector.until(() => told().length === 1);
    node.sandbox.run(bindElsewhere(path));
    const id = node.sandbox.run(`stat -L -c %i '${path}'`).trim();
    const find = (namespaces: KernelSnapshot['namespaces']) => namespaces.find((each) => each.id === id);
    const engine0 = (namespaces: KernelSnapshot['namespaces']) =>
      namespaces.flatMap(({ links }) => links).find(({ name }) => name === 'engine0');
    const hasAddress = (namespace = find(told())) =>
      namespace?.addresses.some(({ prefix }) => prefix === '172.17.0.2/16') ?? false;
    await node.collector.until(() => hasAddress() && engine0(told())?.peer?.namespaceId === id);
    for (const namespaces of [told(), read()]) {
      expect(find(namespaces)).toMatchObject({ names: [path], kind: 'other' });
      expect(engine0(namespaces)?.peer?.namespaceId).toBe(id);
    }
    node.sandbox.run(`umount '${path}'`);
    await node.collector.until(() => find(told()) === undefined);
    expect(node.sandbox.run('ip -br link')).not.toContain('engine0');
  });
});
