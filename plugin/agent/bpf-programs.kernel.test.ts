import type { ChildProcessWithoutNullStreams } from 'node:child_process';
import { execFileSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { KernelSnapshot, type NetworkNamespace } from '#model/kernel/kernel-snapshot.ts';
import { foldKernelRecords } from './fold-kernel-records.ts';
import { findSandboxObstacle, KernelSandbox, podwireExecutable } from './kernel-sandbox.ts';
import { TestCollector } from './test-collector.ts';

const bun = join(import.meta.dirname, '../../node_modules/.bin/bun');
const attach = fileURLToPath(import.meta.resolve('./test-attach-bpf.ts'));

/** Why no program can be attached here: rights, or a kernel without these hooks. */
function findBpfObstacle(): string | undefined {
  const obstacle = findSandboxObstacle();
  if (obstacle !== undefined) return obstacle;
  const script = `ip link add veth0 type veth peer name veth1; ${bun} ${attach} 2 </dev/null`;
  try {
    execFileSync('unshare', ['-n', 'sh', '-ec', script], { stdio: 'pipe' });
    return undefined;
  } catch (error) {
    return `no BPF programs can be attached here: ${String(error).split('\n').slice(0, 9).join(' ')}`;
  }
}

const obstacle = findBpfObstacle();
if (obstacle !== undefined) console.warn(`skipped: ${obstacle}`);

const node = `ip netns add cni-1; ip link add veth1 type veth peer name eth0 netns cni-1; ip link set veth1 up; ip -n cni-1 link set eth0 up`;

describe.skipIf(obstacle !== undefined)('BPF programs at the hooks of a pod', () => {
  let sandbox: KernelSandbox;
  let linkIndex: number;
  let holder: ChildProcessWithoutNullStreams | undefined;

  beforeEach(async () => {
    sandbox = await KernelSandbox.start({ hasOwnUser: false });
    sandbox.run(node);
    linkIndex = sandbox.readJson<{ ifindex: number }[]>('ip -n cni-1 -j link show eth0')[0]?.ifindex ?? 0;
  });
  afterEach(async () => {
    holder?.kill('SIGKILL');
    await sandbox.stop();
  });

  const attachAll = async (): Promise<void> => {
    holder = sandbox.startProgram(['ip', 'netns', 'exec', 'cni-1', bun, attach, String(linkIndex)]);
    await new Promise((resolve) => holder?.stdout.once('data', resolve));
  };
  const hooksOf = (namespaces: Iterable<NetworkNamespace>) =>
    [...namespaces].find(({ kind }) => kind === 'pod')?.bpf?.programs ?? [];
  /** As `bpftool prog` and `bpftool net` tell them. */
  const attached = [
    { hook: 'xdp/generic', position: 0, name: 'test_xdp', type: 'xdp' },
    { hook: 'tcx/ingress', position: 0, name: 'test_next', type: 'sched_cls' },
    { hook: 'tcx/ingress', position: 1, name: 'test_pass', type: 'sched_cls' },
    { hook: 'tcx/egress', position: 0, name: 'test_pass', type: 'sched_cls' },
    { hook: 'flow_dissector', position: 0, name: 'test_dissector', type: 'flow_dissector' },
    { hook: 'sk_lookup', position: 0, name: 'test_lookup', type: 'sk_lookup' },
  ];

  it('are in a snapshot with number, name and tag, in the order in which they run', async () => {
    const read = () =>
      KernelSnapshot.parse(sandbox.readJson(`${podwireExecutable} snapshot`)).namespaces.toSorted((a, b) =>
        a.kind.localeCompare(b.kind),
      );
    const [, rootBefore] = read();
    await attachAll();
    const namespaces = read();
    const programs = hooksOf(namespaces);
    expect(programs.map(({ hook, position, name, type }) => ({ hook, position, name, type }))).toEqual(attached);
    for (const { hook, programId, tag, ...each } of programs) {
      expect(each.linkIndex).toBe(hook === 'flow_dissector' || hook === 'sk_lookup' ? undefined : linkIndex);
      expect(programId).toBeGreaterThan(0);
      expect(tag).toMatch(/^[0-9a-f]{16}$/);
    }
    // One on the ingress hook is held by a bpf_link, the other was attached without one.
    expect(programs.slice(1, 3).map(({ bpfLinkId }) => bpfLinkId !== undefined)).toEqual([true, false]);
    // The same index is a link of the node, too.
    expect(namespaces[1]?.bpf).toEqual(rootBefore?.bpf);
    expect(namespaces[1]?.bpf).toEqual({ programs: [] });
  });

  it('run for either end of a netkit pair', async ({ skip }) => {
    try {
      sandbox.run('ip link add nk0 type netkit');
    } catch (error) {
      console.warn(`skipped: programs of netkit, as this kernel has no CONFIG_NETKIT: ${String(error).split('\n')[1]}`);
      return skip();
    }
    const [nk0] = sandbox.readJson<{ ifindex: number }[]>('ip -j link show nk0');
    holder = sandbox.startProgram([bun, attach, String(nk0?.ifindex), 'netkit']);
    await new Promise((resolve) => holder?.stdout.once('data', resolve));
    const { namespaces } = KernelSnapshot.parse(sandbox.readJson(`${podwireExecutable} snapshot`));
    const programs = namespaces.find(({ kind }) => kind === 'root')?.bpf?.programs;
    expect(programs?.map(({ linkIndex: index, hook, name }) => ({ index, hook, name }))).toEqual([
      { index: nk0?.ifindex, hook: 'netkit/primary', name: 'test_54' },
      { index: nk0?.ifindex, hook: 'netkit/peer', name: 'test_55' },
    ]);
  });

  it('are told by an agent when they come, and when the process goes that held them', async () => {
    mkdirSync(join(sandbox.folder, 'journal'));
    const socket = join(sandbox.folder, 'collector.sock');
    const collector = new TestCollector(socket);
    const environment = { PODWIRE_NODE: 'n', PODWIRE_STATE: sandbox.folder, PODWIRE_COLLECTOR: `unix:${socket}` };
    const agent = sandbox.startPodwire('agent', environment);
    try {
      const known = () => foldKernelRecords(collector.records);
      const hooks = () => hooksOf(known().values()).map(({ hook, name }) => `${hook} ${name}`);
      await collector.until(() => known().size === 2);
      await attachAll();
      await until(() => hooks().length === attached.length);
      expect(hooks()).toEqual(attached.map(({ hook, name }) => `${hook} ${name}`));
      holder?.stdin.end();
      const left = ['tcx/ingress test_pass', 'tcx/egress test_pass', 'flow_dissector test_dissector'];
      await until(() => hooks().length === left.length);
      expect(hooks()).toEqual(left);
      sandbox.run('ip link del veth1');
      await until(() => hooks().length === 1);
      expect(hooks()).toEqual(['flow_dissector test_dissector']);
    } finally {
      agent.kill('SIGKILL');
      await collector.close();
    }
    // Two full readings, each up to 30 s away.
  }, 300_000);
});

/** The test's own time limit ends a wait that is in vain. */
async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await wait(20);
}
