import type { JsonObject } from '#model/json.ts';
import { mutateJson } from '#model/testing/fuzz/mutate-json.ts';
import { pickOddText } from '#model/testing/fuzz/odd-values.ts';
import { SeededRandom } from '#model/testing/fuzz/seeded-random.ts';
import { mutateBytes } from './mutate-bytes.ts';

/** One invocation of the plugin. */
export type FuzzCase = {
  readonly index: number;
  readonly variables: Readonly<Record<string, string>>;
  readonly input: Buffer;
};

export type FuzzPlan = {
  readonly seed: number;
  /** Cases that may run at the same time; each of these lanes has a namespace `pod<lane>` and a bridge `fuzz<lane>` for itself. */
  readonly lanes: number;
  /** Cases after which the kernel's state is compared. */
  readonly batch: number;
};

/** An attachment that lives through it all, in `resident` on the bridge `resident0`. */
export const RESIDENT_NETWORK: JsonObject = {
  cniVersion: '1.1.0',
  name: 'resident',
  type: 'podwire',
  bridge: 'resident0',
  podcidr: '10.66.0.0/24',
};

const ODD_VARIABLES: Readonly<Record<string, readonly string[]>> = {
  CNI_COMMAND: [
    'ADD',
    'DEL',
    'CHECK',
    'GC',
    'STATUS',
    'VERSION',
    'add',
    'ADD ',
    'FROB',
    '__proto__',
    'constructor',
    '',
  ],
  CNI_CONTAINERID: [
    '',
    '-',
    '.a',
    '../x',
    'a/b',
    'é',
    'a\n',
    'a b',
    '__proto__',
    'constructor',
    'x'.repeat(300),
    'x'.repeat(5000),
  ],
  CNI_NETNS: [
    ...[
      '',
      '/',
      'relative',
      '/dev/null',
      '/proc/self/ns/net',
      '/proc/self/ns/mnt',
      '/proc/self/ns/user',
      '/run/netns/missing',
    ],
    ...[
      '/run/netns',
      '/run/fifo',
      '/run/netns/../netns/pod0/',
      `/${'x'.repeat(5000)}`,
      '/proc/self/cmdline',
      '/etc/hostname',
    ],
  ],
  CNI_IFNAME: [
    ...[
      '',
      '.',
      '..',
      'lo',
      'all',
      'default',
      'eth0:1',
      'eth0/1',
      'a b',
      'eth%d',
      '%',
      '%s',
      'é',
      'eth0\n',
      '__proto__',
      '-1',
      '0',
    ],
    ...['a'.repeat(15), 'a'.repeat(16), 'é'.repeat(8), 'a'.repeat(5000), 'cni0'],
  ],
  CNI_ARGS: [
    ...[
      '',
      ';',
      '=',
      'a',
      'a=b',
      'IgnoreUnknown=1;a=b',
      'IgnoreUnknown=1;;',
      'IgnoreUnknown=maybe;a=b',
      '__proto__=1;IgnoreUnknown=1',
    ],
    ...[
      'IP=',
      'IP=x',
      'IP=10.1.0.9',
      'IP=10.1.0.9,10.1.0.10',
      'IP=10.100.0.9/24',
      'IP=::',
      'IP=0.0.0.0',
      'MAC=',
      'MAC=x',
    ],
    ...['MAC=02:00:00:00:00:09', 'MAC=ff:ff:ff:ff:ff:ff', 'K8S_POD_NAME=a=b;K8S_POD_NAMESPACE=;IgnoreUnknown=1'],
    `IgnoreUnknown=1;x=${'x'.repeat(70_000)}`,
  ],
  CNI_PATH: ['', ':', '/', '::/run', 'x'.repeat(9000)],
  CNI_NETNS_OVERRIDE: ['1', 'true', 'TRUE', '0', 'x'],
  PODWIRE_DEADLINE_MS: ['0', '1', '-5', 'abc', '999999999', '99999999999999999999', '1e3'],
  TRACEPARENT: [
    '',
    'x',
    '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01',
    `00-${'0'.repeat(32)}-${'0'.repeat(16)}-00`,
  ],
};

/** The same case for the same seed and index, whatever ran before it. */
export function makeFuzzCase({ seed, lanes, batch }: FuzzPlan, index: number): FuzzCase {
  const random = new SeededRandom(Math.imul(seed, 0x9e3779b1) ^ Math.imul(index + 1, 0x85ebca6b));
  const lane = index % lanes;
  // Every fourth batch is without ADD: nothing at all may change in it, rules included.
  const isQuiet = Math.floor(index / batch) % 4 === 3;
  const command = pickCommand(random, isQuiet);
  let configuration = makeConfiguration(random, { command, lane, isQuiet });
  const mutationCount = random.pick([0, 1, 1, 1, 2, 3]);
  for (let count = 0; count < mutationCount; count += 1) configuration = mutateJson(random, configuration);
  const text = JSON.stringify(configuration);
  const input = random.isTrue(0.15) ? mutateBytes(random, text) : Buffer.from(text);
  const variables = protectResident(mutateVariables(random, makeVariables(command, { lane, index })), index);
  const isAddTooMany = isQuiet && variables.CNI_COMMAND === 'ADD';
  return { index, variables: isAddTooMany ? { ...variables, CNI_COMMAND: 'DEL' } : variables, input };
}

/** A CHECK that became something else: only a runtime that wants it gone says DEL of a living pod. */
function protectResident(variables: FuzzCase['variables'], index: number): FuzzCase['variables'] {
  if (variables.CNI_CONTAINERID !== 'resident' || variables.CNI_COMMAND === 'CHECK') return variables;
  return { ...variables, CNI_CONTAINERID: `fuzz-${index}` };
}

function pickCommand(random: SeededRandom, isQuiet: boolean): string {
  if (!isQuiet && random.isTrue(0.7)) return 'ADD';
  return random.pick([
    'DEL',
    'DEL',
    'CHECK',
    'CHECK',
    'GC',
    'STATUS',
    'VERSION',
    pickOddText(random).replaceAll('\u0000', ''),
  ]);
}

function makeVariables(command: string, { lane, index }: { lane: number; index: number }): Record<string, string> {
  const isCheck = command === 'CHECK';
  return {
    CNI_COMMAND: command,
    CNI_CONTAINERID: isCheck ? 'resident' : `fuzz-${index}`,
    CNI_NETNS: `/run/netns/${isCheck ? 'resident' : `pod${lane}`}`,
    CNI_IFNAME: 'eth0',
    CNI_ARGS: 'K8S_POD_NAMESPACE=fuzz;K8S_POD_NAME=pod;IgnoreUnknown=1',
    CNI_PATH: '/run/no-plugins',
  };
}

function mutateVariables(random: SeededRandom, variables: Record<string, string>): Readonly<Record<string, string>> {
  const mutated = { ...variables };
  while (random.isTrue(0.3)) {
    const name = random.pick(Object.keys(ODD_VARIABLES));
    if (random.isTrue(0.15)) delete mutated[name];
    else mutated[name] = random.pick(ODD_VARIABLES[name] ?? []);
  }
  return mutated;
}

type Shape = { readonly command: string; readonly lane: number; readonly isQuiet: boolean };

function makeConfiguration(random: SeededRandom, { command, lane, isQuiet }: Shape): JsonObject {
  if (command === 'CHECK') return { ...RESIDENT_NETWORK, prevResult: residentResult };
  if (command === 'GC') return { ...makeNetwork(random, lane), name: 'garbage', ...garbageKeys };
  const isTap = !isQuiet && random.isTrue(0.08);
  return { ...makeNetwork(random, lane), ...(isTap ? { mode: 'tap', prevResult: residentResult } : {}) };
}

const garbageKeys: JsonObject = {
  'cni.dev/valid-attachments': [{ containerID: 'a', ifname: 'eth0' }],
  'cni.dev/attachments': [],
};

const residentResult: JsonObject = {
  cniVersion: '1.1.0',
  interfaces: [
    { name: 'resident0', mac: '0a:58:0a:42:00:01' },
    { name: 'vethx', mac: '0e:00:00:00:00:01' },
    { name: 'eth0', mac: '0a:58:0a:42:00:02', sandbox: '/run/netns/resident' },
  ],
  ips: [{ interface: 2, address: '10.66.0.2/24', gateway: '10.66.0.1' }],
  routes: [{ dst: '0.0.0.0/0', gw: '10.66.0.1' }],
};

/** A valid network: one of the shapes, with some of the optional keys. */
function makeNetwork(random: SeededRandom, lane: number): JsonObject {
  const subnet = `10.${100 + lane}.0.0/24`;
  const inet6 = `fd00:${100 + lane}::/64`;
  const shape: JsonObject = random.pick<JsonObject>([
    { podcidr: subnet, clusterCidr: '10.240.0.0/16' },
    { ipam: { type: 'podwire', subnet, rangeStart: `10.${100 + lane}.0.10`, routes: [{ dst: '0.0.0.0/0' }] } },
    { ipam: { type: 'podwire', ranges: [[{ subnet }], [{ subnet: inet6, gateway: `fd00:${100 + lane}::1` }]] } },
    { ipam: { ranges: [[{ subnet: inet6 }]] } },
    // What the kernel refuses when all else is done: there is much to take back.
    { ipam: { subnet, routes: [{ dst: '192.0.2.0/24', gw: '203.0.113.1' }] } },
    { ipam: {} },
  ]);
  const optional: JsonObject = {
    mtu: 1400,
    ipMasq: true,
    isGateway: true,
    isDefaultGateway: true,
    hairpinMode: true,
    promiscMode: true,
    vlan: 7,
    portIsolation: true,
    dns: { nameservers: ['10.0.0.10'], search: ['a.b'], options: ['ndots:5'] },
    runtimeConfig: { mac: '02:00:00:00:00:11', ips: [`10.${100 + lane}.0.77/24`], portMappings: [] },
    args: { cni: { ips: [`10.${100 + lane}.0.78`], mac: '02:00:00:00:00:12' } },
    capabilities: { mac: true, ips: true },
    deadlineMs: 20_000,
  };
  const chosen = Object.fromEntries(Object.entries(optional).filter(() => random.isTrue(0.12)));
  const cniVersion = random.pick(['0.3.1', '0.4.0', '1.0.0', '1.1.0', '1.1.0', '1.1.0']);
  return { cniVersion, name: 'fuzz', type: 'podwire', bridge: `fuzz${lane}`, ...shape, ...chosen };
}
