import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { JsonObject } from '#model/json.ts';
import type { CniCall, CniOutcome, KernelWorld } from '#plugin/testing/kernel-world.ts';
import { openKernelWorld } from '#plugin/testing/kernel-world.ts';
import { ipamConfiguration } from '#plugin/testing/network-configuration.ts';

/** Where Debian's containernetworking-plugins puts them. */
const REFERENCE_DIRECTORY = '/usr/lib/cni';

let world: KernelWorld;

beforeEach(async () => {
  world = await openKernelWorld();
  world.addNamespaces('one', 'two');
});

afterEach(() => world[Symbol.dispose]());

function call(command: string, input: JsonObject, changes: Partial<CniCall> = {}): CniOutcome {
  const variables = { CNI_PATH: `/nowhere:${REFERENCE_DIRECTORY}` };
  return world.cni({ command, containerId: 'c1', netns: 'one', ifName: 'eth0', input, variables, ...changes });
}

const hostLocal = (ipam: JsonObject = {}, changes: JsonObject = {}): JsonObject =>
  ipamConfiguration(
    { type: 'host-local', dataDir: '/run/host-local', ranges: [[{ subnet: '10.9.0.0/24' }]], ...ipam },
    { cniVersion: '1.0.0', isGateway: true, ...changes },
  );

/** Addresses that host-local holds: its files are named like them. */
const listHeld = (): readonly string[] =>
  world
    .try(['ls', '/run/host-local/podnet'])
    .stdout.split('\n')
    .filter((name) => /^\d|:/.test(name));

const silent = { exitCode: 0, stdout: '', stderr: '' };

describe('host-local', () => {
  it('gives the pod its address, its routes and its dns, and the bridge its gateway', () => {
    const input = hostLocal({ routes: [{ dst: '0.0.0.0/0' }, { dst: '192.0.2.0/24', gw: '10.9.0.9' }] });
    const { answer, exitCode } = call('ADD', input);
    expect(exitCode).toBe(0);
    expect(answer).toMatchObject({
      ips: [{ address: '10.9.0.2/24', gateway: '10.9.0.1', interface: 2 }],
      routes: [
        { dst: '0.0.0.0/0', gw: '10.9.0.1' },
        { dst: '192.0.2.0/24', gw: '10.9.0.9' },
      ],
    });
    expect(listHeld()).toEqual(['10.9.0.2']);
    expect(world.listReservations('podnet')).toEqual([]);
    expect(world.ipOne('-4', 'address', 'show', 'dev', 'cni0').addr_info).toMatchObject([{ local: '10.9.0.1' }]);
    world.exec('ip', 'netns', 'exec', 'one', 'ping', '-c1', '-W2', '10.9.0.1');
    const step = world.readJournal()[0]?.data.steps.find(({ name }) => name === 'ipam.delegate');
    expect(step).toMatchObject({ object: '10.9.0.2/24', command: `CNI_COMMAND=ADD ${REFERENCE_DIRECTORY}/host-local` });
  });

  it.each(['0.1.0', '0.2.0', '0.3.0', '0.3.1', '0.4.0', '1.0.0', '1.1.0'])(
    'is understood in version %s, also where it speaks an older one than the network',
    (cniVersion) => {
      const { exitCode, answer } = call('ADD', hostLocal({}, { cniVersion, isDefaultGateway: true }));
      expect([exitCode, answer.cniVersion]).toEqual([0, cniVersion]);
      expect(world.ip('-n', 'one', 'route')).toMatchObject([
        { dst: 'default', gateway: '10.9.0.1' },
        { dst: '10.9.0.0/24', prefsrc: '10.9.0.2' },
      ]);
      expect(call('DEL', hostLocal({}, { cniVersion }))).toMatchObject(silent);
      expect(listHeld()).toEqual([]);
    },
  );

  it('gives both families, and the pod the MAC that belongs to the address', () => {
    const { addresses } = call(
      'ADD',
      hostLocal({ ranges: [[{ subnet: '10.9.0.0/24' }], [{ subnet: 'fd00:9::/64' }]] }),
    );
    expect(addresses).toEqual(['10.9.0.2/24', 'fd00:9::2/64']);
    expect(world.ipOne('-n', 'one', 'link', 'show', 'dev', 'eth0')).toMatchObject({ address: '0a:58:0a:09:00:02' });
    world.exec('ip', 'netns', 'exec', 'one', 'ping', '-6', '-c1', '-W2', 'fd00:9::1');
  });

  it('is asked by CHECK, and its answer is passed on', () => {
    const input = hostLocal();
    const prevResult = JSON.parse(call('ADD', input).stdout) as JsonObject;
    expect(call('CHECK', { ...input, prevResult })).toMatchObject(silent);
    world.exec('rm', '/run/host-local/podnet/10.9.0.2');
    const { answer, exitCode } = call('CHECK', { ...input, prevResult });
    expect(exitCode).toBe(1);
    expect(answer.msg).toContain('IPAM plugin host-local: ');
  });

  it('gets its address back on DEL, also without namespace and prevResult, and once more', () => {
    const input = hostLocal();
    call('ADD', input);
    expect(call('DEL', input, { netns: '' })).toMatchObject(silent);
    expect(listHeld()).toEqual([]);
    expect(world.listLinkNames()).toEqual(['cni0']);
    expect(call('DEL', input)).toMatchObject(silent);
  });

  it('gets its address back when a later step of the ADD fails', () => {
    const input = hostLocal({ routes: [{ dst: '192.0.2.0/24', gw: '203.0.113.1' }] });
    const { answer } = call('ADD', input);
    expect(answer).toMatchObject({ code: 100, msg: expect.stringContaining('route 192.0.2.0/24') });
    expect(listHeld()).toEqual([]);
    expect(world.listLinkNames('one')).toEqual([]);
    const undone = world.readJournal()[0]?.data.steps.filter((step) => step.undone);
    expect(undone?.map(({ name }) => name)).toEqual(['attachment.claim', 'veth.create', 'ipam.delegate']);
  });

  it('that has no address left says so in its own words, and nothing of the pod stays', () => {
    const input = hostLocal({ ranges: [[{ subnet: '10.9.0.0/30' }]] });
    call('ADD', input);
    const { answer, exitCode } = call('ADD', input, { containerId: 'c2', netns: 'two' });
    expect(exitCode).toBe(1);
    expect(answer.msg).toMatch(/^IPAM plugin host-local: .*no IP addresses available/);
    expect(world.listLinkNames('two')).toEqual([]);
    expect(world.listLinkNames()).toHaveLength(2);
  });

  it('has its subnet masqueraded when the network asks for it, once for all pods', () => {
    const input = hostLocal({}, { ipMasq: true });
    call('ADD', input);
    const before = world.exec('iptables', '-t', 'nat', '-S');
    expect(before).toMatch(/-s 10\.9\.0\.0\/24 .*-j MASQUERADE/);
    call('ADD', input, { containerId: 'c2', netns: 'two' });
    expect(world.exec('iptables', '-t', 'nat', '-S')).toBe(before);
  });

  it('serves twenty ADDs at once with twenty addresses', { timeout: 60_000 }, async () => {
    const names = Array.from({ length: 20 }, (_, index) => `pod${index}`);
    world.addNamespaces(...names);
    const variables = { CNI_PATH: REFERENCE_DIRECTORY };
    const outcomes = await Promise.all(
      names.map((netns) =>
        world.cniInParallel({
          command: 'ADD',
          containerId: netns,
          netns,
          ifName: 'eth0',
          input: hostLocal({}, { isDefaultGateway: true }),
          variables,
        }),
      ),
    );
    expect(outcomes.filter(({ exitCode }) => exitCode !== 0)).toEqual([]);
    expect(new Set(outcomes.map(({ addresses }) => addresses[0])).size).toBe(20);
    world.exec('ip', 'netns', 'exec', 'pod7', 'ping', '-c1', '-W5', '10.9.0.1');
  });

  it('from before CNI 1.1.0 knows neither GC nor STATUS, which fails neither: GC takes the links that nobody knows', () => {
    const input = hostLocal({}, { cniVersion: '1.1.0' });
    const variables = { CNI_PATH: '/usr/lib/cni' };
    // Neither command has a container id.
    expect(world.cni({ command: 'STATUS', input, variables })).toMatchObject(silent);
    call('ADD', input);
    call('ADD', input, { containerId: 'c2', netns: 'two' });
    const valid = [{ containerID: 'c2', ifname: 'eth0' }];
    const collecting = { ...input, 'cni.dev/valid-attachments': valid };
    expect(world.cni({ command: 'GC', input: collecting, variables })).toMatchObject(silent);
    expect(world.listLinkNames('one')).toEqual([]);
    expect(world.listLinkNames('two')).toEqual(['eth0']);
  });
});

describe('static', () => {
  const staticIpam = (addresses: JsonObject[], changes: JsonObject = {}): JsonObject =>
    ipamConfiguration(
      { type: 'static', addresses, dns: { nameservers: ['10.9.0.53'] } },
      { cniVersion: '1.0.0', ...changes },
    );

  it('gives the pod what the configuration says, and the network no gateway that nobody asked for', () => {
    const { answer } = call('ADD', staticIpam([{ address: '10.9.0.7/24' }]));
    expect(answer).toMatchObject({ ips: [{ address: '10.9.0.7/24' }], dns: { nameservers: ['10.9.0.53'] } });
    expect(answer).not.toHaveProperty('routes');
    expect(world.ip('-4', 'address', 'show', 'dev', 'cni0')).toEqual([]);
  });

  it('without a gateway gets the first address of the subnet where the bridge is the default gateway', () => {
    const { answer } = call('ADD', staticIpam([{ address: '10.9.0.7/24' }], { isDefaultGateway: true }));
    expect(answer).toMatchObject({
      ips: [{ address: '10.9.0.7/24', gateway: '10.9.0.1' }],
      routes: [{ dst: '0.0.0.0/0', gw: '10.9.0.1' }],
    });
    world.exec('ip', 'netns', 'exec', 'one', 'ping', '-c1', '-W2', '10.9.0.1');
  });

  it('is overruled by the dns of the network', () => {
    const { answer } = call('ADD', staticIpam([{ address: '10.9.0.7/24' }], { dns: { nameservers: ['192.0.2.53'] } }));
    expect(answer).toMatchObject({ dns: { nameservers: ['192.0.2.53'] } });
  });
});

describe('dhcp', () => {
  const input = ipamConfiguration({ type: 'dhcp' }, { cniVersion: '1.0.0' });

  it('without its daemon fails in its own words, and nothing of the pod stays', () => {
    const { answer, exitCode } = call('ADD', input);
    expect(exitCode).toBe(1);
    expect(answer.msg).toMatch(/^IPAM plugin dhcp: .*dhcp\.sock/);
    expect(world.listLinkNames('one')).toEqual([]);
    expect(world.listLinkNames()).toEqual(['cni0']);
  });

  it('leases an address from the server on the bridge and gives it back on DEL', { timeout: 120_000 }, async () => {
    startDhcpServer();
    world.spawn([`${REFERENCE_DIRECTORY}/dhcp`, 'daemon']);
    awaitReady('[ -S /run/cni/dhcp.sock ]');
    awaitReady("ip netns exec two grep -q ':0043 ' /proc/net/udp");
    const variables = { CNI_PATH: REFERENCE_DIRECTORY, PODWIRE_DEADLINE_MS: '100000' };
    const { answer, exitCode } = call('ADD', input, { variables });
    expect([exitCode, answer.ips?.[0]?.address]).toEqual([0, expect.stringMatching(/^10\.9\.0\.1\d\d\/24$/)]);
    expect(world.ip('-n', 'one', 'route', 'show', 'default')).toMatchObject([{ gateway: '10.9.0.1' }]);
    world.exec('ip', 'netns', 'exec', 'one', 'ping', '-c1', '-W2', '10.9.0.1');
    expect(call('DEL', input)).toMatchObject(silent);
    expect(world.listLinkNames('one')).toEqual([]);
  });

  /** @param condition of sh; 0043 is port 67 */
  function awaitReady(condition: string): void {
    world.exec('sh', '-c', `for n in $(seq 400); do ${condition} && exit; sleep 0.1; done; exit 1`);
  }

  /** A machine `two` on the bridge that answers DHCP. */
  function startDhcpServer(): void {
    world.exec('ip', 'link', 'add', 'cni0', 'up', 'type', 'bridge');
    world.exec('ip', 'link', 'add', 'server0', 'up', 'master', 'cni0', 'type', 'veth', 'peer', 'lan0', 'netns', 'two');
    world.exec('ip', '-n', 'two', 'address', 'add', '10.9.0.1/24', 'dev', 'lan0');
    world.exec('ip', '-n', 'two', 'link', 'set', 'lan0', 'up');
    const lines = [
      'interface lan0',
      'start 10.9.0.100',
      'end 10.9.0.199',
      'lease_file /run/udhcpd.leases',
      'pidfile /run/udhcpd.pid',
      'option subnet 255.255.255.0',
      'option router 10.9.0.1',
      'option lease 600',
    ];
    world.try(['tee', '/run/udhcpd.conf'], `${lines.join('\n')}\n`);
    world.exec('touch', '/run/udhcpd.leases');
    world.spawn(['ip', 'netns', 'exec', 'two', 'udhcpd', '-f', '/run/udhcpd.conf']);
  }
});
