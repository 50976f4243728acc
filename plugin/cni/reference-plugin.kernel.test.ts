import { describe, expect, it } from 'vitest';
import type { JsonObject, JsonValue } from '#model/json.ts';
import { EXECUTABLE, type KernelWorld, openKernelWorld, type ProgramOutcome } from '#plugin/testing/kernel-world.ts';

/** Debian's containernetworking-plugins. */
const REFERENCE_DIRECTORY = '/usr/lib/cni';

const hostLocal = (ipam: JsonObject): JsonObject => ({ type: 'host-local', dataDir: '/run/host-local', ...ipam });
const dualStack = [[{ subnet: '10.9.0.0/24' }], [{ subnet: 'fd00:9::/64' }]];
const toAll = [{ dst: '0.0.0.0/0' }, { dst: '::/0' }];
const fixed = { type: 'static', addresses: [{ address: '10.9.0.7/24', gateway: '10.9.0.254' }] };

const networks: readonly (readonly [string, JsonObject])[] = [
  ['one subnet', { isGateway: true, ipam: hostLocal({ subnet: '10.9.0.0/24', routes: [{ dst: '0.0.0.0/0' }] }) }],
  ['a default gateway', { isDefaultGateway: true, ipam: hostLocal({ subnet: '10.9.0.0/24' }) }],
  ['both families', { isGateway: true, ipam: hostLocal({ ranges: dualStack, routes: toAll }) }],
  ['no gateway', { ipam: hostLocal({ subnet: '10.9.0.0/24' }) }],
  ['addresses of the configuration', { isDefaultGateway: true, dns: { domain: 'example' }, ipam: fixed }],
  ['layer 2 only', { isGateway: true, ipam: {} }],
];

/**
 * What may differ: an empty object or list is left out or not, and the reference plugin leaves the gateway of a route open
 * where it is the one of the address.
 */
function normalize(value: JsonValue, gateways: ReadonlySet<JsonValue>): JsonValue {
  if (Array.isArray(value)) return value.map((element: JsonValue) => normalize(element, gateways));
  if (typeof value !== 'object' || value === null) return value;
  const kept = Object.entries(value)
    .map(([key, one]) => [key, normalize(one, gateways)] as const)
    .filter(([key, one]) => !(key === 'gw' && gateways.has(one)))
    .filter(([, one]) => typeof one !== 'object' || one === null || Object.keys(one).length > 0);
  return Object.fromEntries(kept);
}

const gatewayPattern = /"gateway":\s*"([^"]+)"/g;

type Seen = { readonly outcome: ProgramOutcome; readonly result: JsonValue; readonly kernel: readonly string[] };

/** What may differ, too: names and MACs that each chooses for itself, and who set a route. */
const mask = (text: string): string =>
  text
    .replaceAll(/veth[0-9a-f]+/g, 'VETH')
    .replaceAll(/([0-9a-f]{2}:){5}[0-9a-f]{2}/g, 'MAC')
    .replaceAll(/ proto (112|boot|static)\b/g, '')
    .replaceAll(/ metric 1024/g, '')
    // The reference plugin's gateway address is still being asked about when it answers; ours can be used.
    .replaceAll(/ (pref medium|linkdown|tentative)/g, '')
    .replaceAll(/^\d+: /gm, '');

function addPod(world: KernelWorld, executable: string, input: JsonObject): Seen {
  world.addNamespaces('one');
  const outcome = world.try([executable], JSON.stringify(input), {
    CNI_COMMAND: 'ADD',
    CNI_CONTAINERID: 'c1',
    CNI_NETNS: '/run/netns/one',
    CNI_IFNAME: 'eth0',
    CNI_PATH: REFERENCE_DIRECTORY,
  });
  const show = (...words: string[]): string => mask(world.exec('ip', ...words)).trim();
  const addresses = ['-o', 'address', 'show', 'scope', 'global'];
  const gateways = new Set<JsonValue>([...outcome.stdout.matchAll(gatewayPattern)].map(([, gateway = '']) => gateway));
  return {
    outcome,
    result: normalize(JSON.parse(mask(outcome.stdout)) as JsonValue, gateways),
    kernel: [
      show('-n', 'one', '-4', 'route'),
      show('-n', 'one', '-6', 'route', 'show', 'default'),
      show('-n', 'one', ...addresses, 'dev', 'eth0').replaceAll(/ nodad| {2,}|\\.*$/gm, ''),
      show(...addresses, 'dev', 'cni0').replaceAll(/ nodad| {2,}|\\.*$/gm, ''),
    ],
  };
}

describe('a pod of', () => {
  const versions = ['0.2.0', '0.3.1', '0.4.0', '1.0.0'];
  const cases = networks
    .flatMap(([name, network]) => versions.map((version) => [name, version, network] as const))
    // The reference plugin cannot tell in 0.2.0 that a pod has no address.
    .filter(([name, version]) => !(name === 'layer 2 only' && version === '0.2.0'));

  it.each(cases)('%s in version %s is told and wired as by the reference plugin', async (_, cniVersion, network) => {
    using ours = await openKernelWorld();
    using theirs = await openKernelWorld();
    const input = { cniVersion, name: 'podnet', bridge: 'cni0', ...network };
    const expected = addPod(theirs, `${REFERENCE_DIRECTORY}/bridge`, { ...input, type: 'bridge' });
    const actual = addPod(ours, EXECUTABLE, { ...input, type: 'podwire' });
    expect([actual.outcome.exitCode, expected.outcome.exitCode]).toEqual([0, 0]);
    expect(actual.result).toEqual(expected.result);
    expect(actual.kernel).toEqual(expected.kernel);
  });
});
