import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { observeSource } from '#plugin/testing/observe-source.ts';
import { ALL_TOOLS, dualStackConfiguration, filterOf, RulesWorld, TOOLS } from '#plugin/testing/rules-world.ts';

let rules: RulesWorld;

beforeEach(async () => {
  rules = await RulesWorld.open();
});

afterEach(() => rules[Symbol.dispose]());

describe.each(ALL_TOOLS)('with %s, where FORWARD drops and ends with a REJECT', (tools) => {
  it.each([1, 0])('pods reach each other and other hosts, with bridge-nf-call-iptables %i', (isFiltered) => {
    for (const key of ['iptables', 'ip6tables'])
      rules.world.exec('sysctl', '-qw', `net.bridge.bridge-nf-call-${key}=${isFiltered}`);
    rules.dropForwarded(filterOf(tools));
    for (const name of ['iptables', 'ip6tables'])
      rules.world.exec(`${TOOLS}/${name}-${filterOf(tools)}`, '-A', 'FORWARD', '-j', 'REJECT');
    rules.equip(tools);
    for (const pod of ['one', 'two'])
      expect(rules.call('ADD', pod, dualStackConfiguration())).toMatchObject({ exitCode: 0 });
    const observe = (to: string, address: string) => observeSource(rules.world, { from: 'one', to, address });
    expect(observe('two', '10.9.0.3')).toBe('10.9.0.2');
    expect(observe('two', 'fd00:9::3')).toBe('fd00:9::2');
    expect(observe('far', '192.0.2.2')).toBe('192.0.2.1');
    expect(observe('far', '2001:db8::2')).toBe('2001:db8::1');
    expect(observe('far', '10.8.0.2')).toBe('10.9.0.2');
    expect(observe('far', 'fd00:8::2')).toBe('fd00:9::2');
  });

  it('nothing of that holds once the rules are gone', () => {
    rules.dropForwarded(filterOf(tools));
    rules.equip(tools);
    rules.call('ADD', 'one', dualStackConfiguration());
    for (const name of ['iptables', 'ip6tables'])
      rules.world.exec(`${TOOLS}/${name}-${filterOf(tools)}`, '-F', 'PODWIRE-FORWARD');
    expect(observeSource(rules.world, { from: 'one', to: 'far', address: '10.8.0.2' }, 1)).toBeUndefined();
    expect(observeSource(rules.world, { from: 'one', to: 'far', address: 'fd00:8::2' }, 1)).toBeUndefined();
  });

  it('a policy that comes after the pods does not cut them off', () => {
    rules.equip(tools);
    rules.call('ADD', 'one', dualStackConfiguration());
    rules.dropForwarded(filterOf(tools));
    expect(observeSource(rules.world, { from: 'one', to: 'far', address: '192.0.2.2' })).toBe('192.0.2.1');
    expect(observeSource(rules.world, { from: 'one', to: 'far', address: '2001:db8::2' })).toBe('2001:db8::1');
  });
});
