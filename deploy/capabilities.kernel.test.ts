import { spawn, spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { loadAllYaml, type V1DaemonSet } from '@kubernetes/client-node';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { KernelSnapshot } from '#model/kernel/kernel-snapshot.ts';

const EXECUTABLE = join(import.meta.dirname, '../dist/podwire');

/** Of the agent's container, as `kubectl apply` would ask for them. */
function readCapabilities(): readonly string[] {
  const objects = loadAllYaml(readFileSync(join(import.meta.dirname, 'podwire.yaml'), 'utf8')) as { kind: string }[];
  const agent = objects.find(({ kind }) => kind === 'DaemonSet') as V1DaemonSet | undefined;
  return agent?.spec?.template.spec?.containers[0]?.securityContext?.capabilities?.add ?? [];
}

/** A node with a pod, a namespace that only a process with every capability holds, and rules in both packet filters. */
const PREPARE = `
mount -t tmpfs tmpfs /run && mkdir /run/netns && ip link set lo up
ip netns add cni-1111 && ip link add veth1 type veth peer name eth0 netns cni-1111
unshare --net sleep infinity &
iptables-nft -N PODWIRE-TEST && iptables-legacy -N PODWIRE-TEST
echo ready && sleep infinity`;

/**
 * The kernel grants by capabilities alone, whoever starts the process: what the executable can do with a bounding set of
 * these is what it can do in a container that has them.
 */
describe('the capabilities of the agent’s container', () => {
  const capabilities = readCapabilities();
  let world: ReturnType<typeof startWorld>;

  beforeAll(async () => {
    world = startWorld();
    await world.ready;
  });
  afterAll(() => world.stop());

  const run = (granted: readonly string[], command: string, timeoutMs = 60_000) => {
    const set = ['-all', ...granted.map((name) => `+${name.toLowerCase()}`)].join(',');
    const words = ['setpriv', `--bounding-set=${set}`, `--inh-caps=-all`, '--no-new-privs', EXECUTABLE, command];
    const env = { ...process.env, PODWIRE_STATE: '/run/state', PODWIRE_COLLECTOR: 'unix:/run/nobody.sock' };
    return spawnSync('nsenter', [...world.enter(), ...words], { encoding: 'utf8', env, timeout: timeoutMs });
  };
  const look = (granted: readonly string[]) => {
    const { namespaces } = JSON.parse(run(granted, 'snapshot').stdout) as KernelSnapshot;
    return {
      kinds: namespaces.map(({ kind }) => kind).sort(),
      problems: namespaces.flatMap(({ netfilter }) => netfilter?.problems ?? []),
      backends: [
        ...new Set(namespaces.flatMap(({ netfilter }) => netfilter?.iptables.map(({ backend }) => backend) ?? [])),
      ].sort(),
    };
  };
  const without = (name: string) => capabilities.filter((each) => each !== name);
  const everything = { kinds: ['pod', 'root'], problems: [], backends: ['legacy', 'nf_tables'] };

  it('are enough to see the node and its pods, in both packet filters', () => {
    expect(look(capabilities)).toEqual(everything);
  });

  it('with that of `agent.hostPID` are enough to see what no file names as well', () => {
    expect(look([...capabilities, 'SYS_PTRACE'])).toEqual({ ...everything, kinds: ['other', 'pod', 'root'] });
  });

  it('are no more than enough', () => {
    expect([...capabilities].sort()).toEqual(['NET_ADMIN', 'NET_BROADCAST', 'NET_RAW', 'SYS_ADMIN']);
    expect(look(without('NET_ADMIN')).problems).not.toEqual([]);
    expect(look(without('NET_RAW'))).toMatchObject({
      backends: ['nf_tables'],
      problems: [expect.stringContaining('legacy')],
    });
    expect(look(without('SYS_ADMIN')).kinds).toEqual([]);
    const deaf = run(without('NET_BROADCAST'), 'agent');
    expect([deaf.status, deaf.stderr]).toEqual([1, expect.stringContaining('EPERM')]);
  });
});

function startWorld() {
  const options = ['-Urnm', '-p', '-f', '--kill-child', '--mount-proc', '--propagation', 'private'];
  const holder = spawn('unshare', [...options, 'sh', '-ec', PREPARE], { stdio: ['ignore', 'pipe', 'inherit'] });
  const ready = new Promise<void>((resolve, reject) => {
    holder.stdout.once('data', () => resolve());
    holder.once('exit', (code) => reject(new Error(`the world ended with ${code}`)));
  });
  return {
    ready,
    enter: (): readonly string[] => {
      const children = readFileSync(`/proc/${holder.pid}/task/${holder.pid}/children`, 'utf8');
      return ['-t', children.trim().split(' ')[0] ?? '', '-U', '-n', '-m', '-p', '--preserve-credentials', '--'];
    },
    stop: () => holder.kill('SIGKILL'),
  };
}
