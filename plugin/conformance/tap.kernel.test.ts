import { createHash } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { InvocationEvent } from '#model/cni/invocation-event.ts';
import type { JsonObject } from '#model/json.ts';
import { EXECUTABLE, type KernelWorld, openKernelWorld } from '#plugin/testing/kernel-world.ts';
import { ipamConfiguration, podCidrConfiguration } from '#plugin/testing/network-configuration.ts';
import { CONFIGURATION_DIRECTORY, type NetworkList, PluginChain } from '#plugin/testing/plugin-chain.ts';

let world: KernelWorld;

beforeEach(async () => {
  world = await openKernelWorld();
  world.addNamespaces('one');
});

afterEach(() => world[Symbol.dispose]());

const tap = (changes: JsonObject = {}): JsonObject => ({
  cniVersion: '1.0.0',
  name: 'other',
  type: 'podwire',
  mode: 'tap',
  ...changes,
});

function call(command: string, input: JsonObject | string, variables: Readonly<Record<string, string>> = {}) {
  return world.cni({ command, containerId: 'c1', netns: 'one', ifName: 'eth0', input, variables });
}

describe('41: ADD in tap mode', () => {
  it.each([
    ['a table number where a MAC should be', '{"cniVersion":"1.0.0","interfaces":[{"name":"dummy0","mac":"2"}]}'],
    ['a version that nobody knows', '{"cniVersion":"9.9.9","surprise":{"a":[null,true]},"dns":"none"}'],
    ['numbers beyond a double, and an order of keys', '{"2":12345678901234567890.10,"1":1e999,"dns":{}}'],
    ['nothing in it', '{}'],
  ])('prints prevResult as it came: %s', (_, result) => {
    const text = JSON.stringify(tap()).replace(/\}$/, `, "prevResult" : ${result} }`);
    expect(call('ADD', text)).toMatchObject({ exitCode: 0, stdout: `${result}\n`, stderr: '' });
    expect(world.listLinkNames()).toEqual([]);
  });

  it('also of a configuration whose version and name are none, and of an environment that is wrong', () => {
    const input = tap({ cniVersion: '7.0.0', name: '../..', prevResult: { cniVersion: '1.0.0' } });
    const variables = { CNI_CONTAINERID: '//', CNI_IFNAME: 'far-too-long-for-an-interface', CNI_ARGS: 'X=1;;=' };
    expect(call('ADD', input, variables)).toMatchObject({ exitCode: 0, stdout: '{"cniVersion":"1.0.0"}\n' });
  });

  it.each([['absent'], ['null'], ['a text']])('answers code 7 where prevResult is %s', (what) => {
    const prevResult = { absent: {}, null: { prevResult: null }, 'a text': { prevResult: 'x' } }[what] ?? {};
    const { exitCode, answer } = call('ADD', tap(prevResult));
    expect([exitCode, answer.code]).toEqual([1, 7]);
    expect(answer.msg).toContain('prevResult');
  });

  it('passes on a result larger than a pipe', () => {
    const prevResult = { cniVersion: '1.0.0', routes: Array.from({ length: 20_000 }, (_, n) => ({ dst: `${n}` })) };
    const { exitCode, stdout } = call('ADD', tap({ prevResult }));
    expect([exitCode, stdout === `${JSON.stringify(prevResult)}\n`]).toEqual([0, true]);
  });
});

describe('42: in tap mode', () => {
  const inputs: readonly (readonly [string, string])[] = [
    ['whole', JSON.stringify(tap())],
    ['of an unknown version', JSON.stringify(tap({ cniVersion: '9.0.0' }))],
    ['without a name', JSON.stringify({ type: 'podwire', mode: 'tap' })],
    ['with a prevResult that is none', JSON.stringify(tap({ prevResult: 7 }))],
    ['torn', JSON.stringify(tap({ prevResult: { ips: [] } })).slice(0, -9)],
  ];
  const verbs = ['DEL', 'CHECK', 'GC', 'STATUS'];

  it.each(verbs.flatMap((verb) => inputs.map(([what, input]) => [verb, what, input] as const)))(
    '%s with a configuration %s exits 0 and prints nothing',
    (verb, _, input) => {
      expect(call(verb, input)).toMatchObject({ exitCode: 0, stdout: '', stderr: '' });
      const gone = { CNI_NETNS: '/run/netns/gone', CNI_CONTAINERID: '', CNI_IFNAME: '', CNI_PATH: '' };
      expect(call(verb, input, gone)).toMatchObject({ exitCode: 0, stdout: '', stderr: '' });
    },
  );

  it('DEL exits 0 although stdin never ends', () => {
    const script = `mkfifo /run/stdin; exec 3<>/run/stdin; printf '{"mode":"tap","name"' >&3; exec ${EXECUTABLE} <&3`;
    const variables = { CNI_COMMAND: 'DEL', CNI_CONTAINERID: 'c1', CNI_IFNAME: 'eth0', PODWIRE_DEADLINE_MS: '2000' };
    expect(world.try(['sh', '-ec', script], '', variables)).toMatchObject({ exitCode: 0, stdout: '' });
  });
});

describe('43: in tap mode no event sink is waited for', () => {
  it.each([
    ['is a FIFO that nobody reads', 'mkfifo /run/state/journal/invocations.ndjson'],
    ['is a full disk', 'mount -t tmpfs -o size=4k tmpfs /run/state/journal; yes > /run/state/journal/full || true'],
    ['is no directory', 'rmdir /run/state/journal; touch /run/state/journal'],
  ])('although the journal %s', (_, script) => {
    world.exec('sh', '-ec', `mkdir -p /run/state/journal; ${script}`);
    expect(call('ADD', tap({ prevResult: {} }))).toMatchObject({ exitCode: 0, stdout: '{}\n' });
    expect(call('DEL', tap())).toMatchObject({ exitCode: 0 });
  });
});

describe('podwire behind another plugin without being told to be a tap', () => {
  it('refuses the ADD and says what to do', () => {
    const { answer } = call('ADD', podCidrConfiguration({ prevResult: { cniVersion: '1.1.0' } }));
    expect(answer).toMatchObject({ code: 7, msg: expect.stringContaining('"mode": "tap"') });
    expect(call('ADD', podCidrConfiguration({ mode: 'tab' })).answer).toMatchObject({ code: 7 });
  });
});

const list: NetworkList = {
  cniVersion: '1.0.0',
  name: 'other',
  plugins: [
    {
      type: 'bridge',
      bridge: 'br7',
      isGateway: true,
      ipam: { type: 'host-local', subnet: '10.7.0.0/24', dataDir: '/run/host-local' },
    },
    { type: 'portmap', capabilities: { portMappings: true }, snat: true },
    { type: 'podwire', mode: 'tap', token: 'hunter2' },
  ],
};

const attachment = {
  containerId: 'c1',
  netns: 'one',
  args: 'K8S_POD_NAMESPACE=default;K8S_POD_NAME=web;IgnoreUnknown=1',
  capabilities: { portMappings: [{ hostPort: 8080, containerPort: 80, protocol: 'tcp' }] },
};

function writeList(file: string, value: unknown): string {
  const path = `${CONFIGURATION_DIRECTORY}/${file}`;
  world.exec('mkdir', '-p', CONFIGURATION_DIRECTORY);
  world.try(['tee', path], typeof value === 'string' ? value : JSON.stringify(value));
  return path;
}

describe('behind Debian’s bridge and portmap', () => {
  it('the pod gets the network that it would have without a tap, and loses it the same way', () => {
    const chain = new PluginChain(world, list);
    const result = chain.add(attachment);
    expect(result).toMatchObject({ ips: [{ address: '10.7.0.2/24' }] });
    expect(world.exec('iptables-save', '-t', 'nat')).toContain('--to-destination 10.7.0.2:80');
    chain.delete(attachment);
    chain.delete({ ...attachment, netns: '' });
    expect(world.listLinkNames()).toEqual(['br7']);
    expect(world.exec('iptables-save', '-t', 'nat')).not.toContain('10.7.0.2');
  });

  it('podwire install --mode tap makes the chain, and uninstall gives the old one back', () => {
    const flags = ['--bin-dir', '/run/bin', '--conf-dir', CONFIGURATION_DIRECTORY];
    writeList('10-other.conflist', { ...list, plugins: list.plugins.slice(0, 2) });
    world.exec(EXECUTABLE, 'install', '--mode', 'tap', ...flags);
    const path = `${CONFIGURATION_DIRECTORY}/00-podwire-tap.conflist`;
    const tapped = JSON.parse(world.exec('cat', path)) as NetworkList;
    const chain = new PluginChain(world, tapped);
    const result = chain.add(attachment);
    expect(result).toMatchObject({ ips: [{ address: '10.7.0.2/24' }] });
    expect(world.readJournal()[0]?.data).toMatchObject({
      mode: 'tap',
      result,
      config: { path, plugins: tapped.plugins },
    });
    world.exec(EXECUTABLE, 'uninstall', ...flags);
    expect(world.exec('ls', CONFIGURATION_DIRECTORY)).toBe('10-other.conflist\n');
    new PluginChain(world, list).delete(attachment);
    expect(world.listLinkNames('one')).toEqual([]);
  });

  it('CHECK is the real plugin’s own answer', () => {
    // Without portmap: Debian's asks for an IPv6 chain that its ADD did not make.
    const chain = new PluginChain(world, { ...list, plugins: list.plugins.filter(({ type }) => type !== 'portmap') });
    chain.add(attachment);
    chain.check(attachment);
    world.exec('ip', '-n', 'one', 'address', 'flush', 'dev', 'eth0');
    expect(() => chain.check(attachment)).toThrow('type="bridge"');
  });

  it('the event has prevResult, the tap’s own time, and the whole chain without its secrets', () => {
    writeList('00-broken.conflist', '{');
    writeList('05-other-network.conflist', { ...list, name: 'elsewhere' });
    const path = writeList('10-other.conflist', list);
    writeList('20-other.conflist', { ...list, plugins: list.plugins.slice(2) });
    const result = new PluginChain(world, list).add(attachment);
    const { data, subject } = InvocationEvent.parse(world.readJournal()[0]);
    expect(data).toMatchObject({ verb: 'ADD', mode: 'tap', network: 'other', result, stdin: { prevResult: result } });
    expect(subject).toBe('default/web');
    expect(data.steps.map(({ name }) => name)).toEqual(['config.parse', 'result.print']);
    expect(data.durationUs).toBeGreaterThan(0);
    const digest = createHash('sha256').update(JSON.stringify(list)).digest('hex');
    const plugins = [...list.plugins.slice(0, 2), { ...list.plugins[2], token: '***' }];
    expect(data.config).toEqual({ path, digest: `sha256:${digest}`, plugins });
  });

  it('a chain of many plugins is told by its digest alone', () => {
    const long = { ...list, plugins: [...list.plugins, { type: 'tuning', comment: 'x'.repeat(20_000) }] };
    const path = writeList('10-other.conflist', long);
    call('ADD', tap({ prevResult: {} }), { PODWIRE_CONF_DIR: CONFIGURATION_DIRECTORY });
    const config = world.readJournal()[0]?.data.config;
    expect(config).toMatchObject({ path, digest: expect.stringMatching(/^sha256:[0-9a-f]{64}$/) });
    expect(config?.plugins).toBeUndefined();
  });
});

describe('the configuration file of an invocation', () => {
  const variables = { PODWIRE_CONF_DIR: CONFIGURATION_DIRECTORY };

  it('is told in bridge mode too, also where it is a single plugin’s', () => {
    const path = writeList('10-podnet.conf', podCidrConfiguration());
    call('ADD', podCidrConfiguration(), variables);
    expect(world.readJournal()[0]?.data.config).toMatchObject({ path, plugins: [podCidrConfiguration()] });
  });

  it('is the one of now, whether another was put before it or it was written over', () => {
    const chain = (comment: string) => ({ name: 'podnet', plugins: [{ ...podCidrConfiguration(), comment }] });
    const lookUp = () => {
      call('CHECK', podCidrConfiguration(), variables);
      return world.readJournal().at(-1)?.data.config;
    };
    const path = writeList('10-podnet.conflist', chain('first'));
    const first = lookUp();
    expect(lookUp()).toEqual(first);
    writeList('10-podnet.conflist', chain('other'));
    const second = lookUp();
    expect(second).toMatchObject({ path, plugins: [{ comment: 'other' }] });
    expect(second?.digest).not.toBe(first?.digest);
    expect(lookUp()).toEqual(second);
    const earlier = writeList('05-podnet.conflist', chain('earlier'));
    expect(lookUp()).toMatchObject({ path: earlier, plugins: [{ comment: 'earlier' }] });
    world.exec('rm', earlier);
    expect(lookUp()).toEqual(second);
    world.exec('rm', '-r', CONFIGURATION_DIRECTORY);
    expect(lookUp()).toBeUndefined();
  });

  it('is not guessed: a file of that name without podwire in it is another’s', () => {
    writeList('10-podnet.conf', { ...podCidrConfiguration(), type: 'bridge' });
    call('ADD', podCidrConfiguration(), variables);
    expect(world.readJournal()[0]?.data.config).toBeUndefined();
  });

  it('costs no pod anything where a FIFO or a directory lies among the files, or there are none', () => {
    expect(call('ADD', podCidrConfiguration(), variables).exitCode).toBe(0);
    world.exec('mkdir', '-p', `${CONFIGURATION_DIRECTORY}/05-folder.conflist`);
    world.exec('mkfifo', `${CONFIGURATION_DIRECTORY}/07-fifo.conflist`);
    const path = writeList('10-podnet.conf', podCidrConfiguration());
    expect(call('DEL', podCidrConfiguration(), variables).exitCode).toBe(0);
    expect(world.readJournal()[1]?.data.config).toMatchObject({ path });
  });
});

describe('the trace of the runtime', () => {
  it('goes from the environment into the event, an invalid one does not', () => {
    const TRACEPARENT = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
    const input = ipamConfiguration({ subnet: '10.9.0.0/24' });
    call('ADD', input, { TRACEPARENT, TRACESTATE: 'rojo=00f067aa0ba902b7' });
    call('DEL', input, { TRACEPARENT: 'ff-nonsense', TRACESTATE: 'rojo=1' });
    const [first, second] = world.readJournal().map((event) => InvocationEvent.parse(event));
    expect(first).toMatchObject({ traceparent: TRACEPARENT, tracestate: 'rojo=00f067aa0ba902b7' });
    expect([second?.traceparent, second?.tracestate]).toEqual([undefined, undefined]);
  });
});
