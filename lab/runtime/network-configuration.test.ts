import { expect, test } from 'vitest';
import { parseNetworkConfiguration } from './network-configuration.ts';
import { deriveConfiguration } from './plugin-chain.ts';

const attachment = {
  containerId: 'c',
  netns: '/var/run/netns/cni-x',
  ifName: 'eth0',
  args: [],
  capabilities: { portMappings: [{ HostPort: 80 }], dns: { Servers: ['8.8.8.8'] } },
};

test('a single configuration becomes a list of one', () => {
  const parsed = parseNetworkConfiguration('10-a.conf', '{"cniVersion":"1.0.0","name":"a","type":"bridge"}');
  expect(parsed).toMatchObject({ ok: true, value: { name: 'a', cniVersion: '1.0.0', plugins: [{ type: 'bridge' }] } });
});

test.each([
  ['no JSON', '{'],
  ['no name', '{"type":"bridge"}'],
  ['no plugins', '{"name":"a","plugins":[]}'],
  ['a plugin without type', '{"name":"a","plugins":[{}]}'],
  ['a type that is a path', '{"name":"a","type":"../evil"}'],
])('a configuration with %s is refused', (_, text) => {
  expect(parseNetworkConfiguration('10-a.conf', text).ok).toBe(false);
});

test('a plugin reads name, version, the previous result and the capabilities it declares, nothing else', () => {
  const text = '{"cniVersion":"1.1.0","name":"a","plugins":[{"type":"x","capabilities":{"portMappings":true}}]}';
  const network = parseNetworkConfiguration('10-a.conflist', text);
  if (!network.ok) throw new Error(network.error);
  const [plugin] = network.value.plugins;
  if (plugin === undefined) throw new Error('no plugin');
  expect(deriveConfiguration({ network: network.value, plugin, attachment, prevResult: { ips: [] } })).toEqual({
    type: 'x',
    capabilities: { portMappings: true },
    name: 'a',
    cniVersion: '1.1.0',
    runtimeConfig: { portMappings: [{ HostPort: 80 }] },
    prevResult: { ips: [] },
  });
});
