import { describe, expect, it } from 'vitest';
import { SeededRandom } from '#model/testing/fuzz/seeded-random.ts';
import {
  type CniCall,
  type CniOutcome,
  EXECUTABLE,
  KernelWorld,
  openKernelWorld,
} from '#plugin/testing/kernel-world.ts';
import { podCidrConfiguration } from '#plugin/testing/network-configuration.ts';

/** What a shell makes of a child that SIGKILL ended. */
const KILLED_STATUS = 137;
const PODS = ['one', 'two', 'three'] as const;

type Kill = Partial<CniCall> & { readonly command: string; readonly at: string };

/** One network on one node, and who gets killed in it. */
class KilledWorld implements Disposable {
  readonly world: KernelWorld;

  constructor(world: KernelWorld) {
    this.world = world;
    world.addNamespaces(...PODS);
  }

  call(command: string, changes: Partial<CniCall> = {}): CniOutcome {
    const base = { containerId: 'c1', netns: 'one', ifName: 'eth0', input: podCidrConfiguration() };
    return this.world.cni({ command, ...base, ...changes });
  }

  collectGarbage(...validIds: readonly string[]): CniOutcome {
    return this.call('GC', { input: garbageInput(validIds) });
  }

  /** @param at a boundary of a step, or `after <seconds>` */
  callKilled({ command, at, input = podCidrConfiguration() }: Kill): CniOutcome['exitCode'] {
    const [, seconds] = /^after (.*)$/.exec(at) ?? [];
    const program = seconds === undefined ? EXECUTABLE : `timeout -s KILL ${seconds} ${EXECUTABLE}`;
    // The shell stays, so that its status tells whether the plugin was killed.
    return this.world.try(['sh', '-c', `${program}; exit $?`], JSON.stringify(input), {
      CNI_COMMAND: command,
      CNI_CONTAINERID: 'c1',
      CNI_NETNS: '/run/netns/one',
      CNI_IFNAME: 'eth0',
      CNI_PATH: '/opt/cni/bin',
      ...(seconds === undefined ? { PODWIRE_TEST_KILL_AT: at } : {}),
    }).exitCode;
  }

  /** Both ends of every step of the journal's last invocation. */
  listBoundaries(): readonly string[] {
    const names =
      this.world
        .readJournal()
        .at(-1)
        ?.data.steps.map(({ name }) => name) ?? [];
    return [...new Set(names)].flatMap((name) => [`${name}:begin`, `${name}:end`]);
  }

  /** All that belongs to pods, on the node and in their namespaces: links, neighbours, files of the address store. */
  listRemains(): readonly string[] {
    const files = this.world.try(['find', `${KernelWorld.state}/ipam`, '-type', 'f']).stdout.split('\n');
    const neighbours = this.world.ip('neighbour', 'show').map((record) => JSON.stringify(record));
    return [
      ...this.world.listLinkNames().filter((name) => name !== 'cni0'),
      ...PODS.flatMap((netns) => this.world.listLinkNames(netns).map((name) => `${netns} ${name}`)),
      ...neighbours.filter((text) => text.includes('10.240.2.')),
      ...files.filter((path) => path !== '' && !/\/\.(lock|state|spare)$/.test(path)),
    ];
  }

  [Symbol.dispose](): void {
    this.world[Symbol.dispose]();
  }
}

const garbageInput = (validIds: readonly string[]) =>
  podCidrConfiguration({
    'cni.dev/valid-attachments': validIds.map((containerID) => ({ containerID, ifname: 'eth0' })),
  });

const openKilledWorld = async (): Promise<KilledWorld> => new KilledWorld(await openKernelWorld());

/** In a new world for each boundary of `command`: kills it there once, after `prepare`. */
async function killAtEveryBoundary(
  { command, input }: Omit<Kill, 'at'>,
  prepare: (killed: KilledWorld) => void,
  verify: (killed: KilledWorld) => void,
): Promise<void> {
  using probe = await openKilledWorld();
  prepare(probe);
  expect(probe.call(command, input === undefined ? {} : { input }).exitCode).toBe(0);
  const boundaries = probe.listBoundaries();
  expect(boundaries.length).toBeGreaterThan(4);
  for (const at of boundaries) {
    using killed = await openKilledWorld();
    prepare(killed);
    const status = killed.callKilled({ command, at, ...(input === undefined ? {} : { input }) });
    expect({ at, status }).toEqual({ at, status: KILLED_STATUS });
    try {
      verify(killed);
    } catch (error) {
      throw new Error(`after ${command} was killed at ${at}: ${(error as Error).message}`, { cause: error });
    }
  }
}

/** What the killed ADD had reserved can be asked for by another pod. */
function expectUsable(killed: KilledWorld, addresses: readonly string[]): void {
  for (const address of addresses) {
    const third = { containerId: 'c3', netns: 'three' };
    expect(killed.call('ADD', { ...third, args: `IP=${address}` }).addresses).toEqual([`${address}/24`]);
    expect(killed.call('DEL', third).exitCode).toBe(0);
  }
}

const nothing = (): void => undefined;

describe('35: an ADD that is killed at any step', () => {
  it.each([
    ['(a) DEL', 'one'],
    ['(b) DEL without network namespace', ''],
  ])('%s leaves nothing over, the address can be given again and the same pod added again', async (_, netns) => {
    await killAtEveryBoundary({ command: 'ADD' }, nothing, (killed) => {
      const reserved = killed.world.listReservations('podnet');
      expect(killed.call('DEL', { netns })).toMatchObject({ exitCode: 0, stdout: '' });
      expect(killed.listRemains()).toEqual([]);
      expectUsable(killed, reserved);
      expect(killed.call('ADD').exitCode).toBe(0);
    });
  });

  it('(c) does not keep another pod from its network, and GC takes what it left', async () => {
    await killAtEveryBoundary({ command: 'ADD' }, nothing, (killed) => {
      const reserved = killed.world.listReservations('podnet');
      const second = killed.call('ADD', { containerId: 'c2', netns: 'two' });
      expect(second.exitCode).toBe(0);
      expect(reserved).not.toContain(second.addresses[0]?.split('/')[0]);
      expect(killed.collectGarbage('c2').exitCode).toBe(0);
      expect(killed.world.listLinkNames('one')).toEqual([]);
      expect(killed.world.listReservations('podnet')).toHaveLength(1);
      expectUsable(killed, reserved);
      killed.call('DEL', { containerId: 'c2', netns: 'two' });
      expect(killed.listRemains()).toEqual([]);
    });
  });
});

const addOne = (killed: KilledWorld): void => expect(killed.call('ADD').exitCode).toBe(0);

describe('35: what takes things away may be killed too', () => {
  it('a DEL at any step: the next DEL leaves nothing', async () => {
    await killAtEveryBoundary({ command: 'DEL' }, addOne, (killed) => {
      expect(killed.call('DEL', { netns: '' })).toMatchObject({ exitCode: 0, stdout: '' });
      expect(killed.listRemains()).toEqual([]);
      expectUsable(killed, ['10.240.2.2']);
    });
  });

  it('a GC at any step: the next GC leaves nothing but what is valid', async () => {
    const input = garbageInput([]);
    await killAtEveryBoundary({ command: 'GC', input }, addOne, (killed) => {
      expect(killed.collectGarbage().exitCode).toBe(0);
      expect(killed.listRemains()).toEqual([]);
      expectUsable(killed, ['10.240.2.2']);
    });
  });
});

it('35: an ADD or a DEL killed at any moment, inside a step too, leaves nothing after the next DEL', async () => {
  const random = new SeededRandom(35);
  using killed = await openKilledWorld();
  killed.call('ADD');
  killed.call('DEL');
  const durationMs = Math.max(...killed.world.readJournal().map(({ data }) => data.durationUs / 1000));
  for (let round = 0; round < 40; round += 1) {
    const at = `after ${((random.fraction() * 2 * durationMs) / 1000).toFixed(4)}`;
    killed.callKilled({ command: 'ADD', at });
    if (round % 2 === 0) killed.callKilled({ command: 'DEL', at });
    expect(killed.call('DEL', { netns: '' }).exitCode).toBe(0);
    expect({ at, remains: killed.listRemains() }).toEqual({ at, remains: [] });
  }
});
