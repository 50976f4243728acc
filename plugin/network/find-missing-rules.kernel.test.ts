import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { JsonObject } from '#model/json.ts';
import {
  ALL_TOOLS,
  dualStackConfiguration,
  filterOf,
  type RulesTools,
  RulesWorld,
  TOOLS,
} from '#plugin/testing/rules-world.ts';

let rules: RulesWorld;

beforeEach(async () => {
  rules = await RulesWorld.open();
});

afterEach(() => rules[Symbol.dispose]());

describe.each(ALL_TOOLS)('with %s', (tools) => {
  it('CHECK reads the rules themselves where nothing tells of them', () => {
    rules.equip(tools);
    const added = rules.call('ADD', 'one', dualStackConfiguration());
    const input = { ...dualStackConfiguration(), prevResult: JSON.parse(added.stdout) as JsonObject };
    rules.world.exec('rm', '-r', '/run/podwire/rules');
    expect(rules.call('CHECK', 'one', input)).toMatchObject({ exitCode: 0, stdout: '' });
  });

  it('CHECK is content, and names what is gone, out of order or no longer jumped to', () => {
    rules.equip(tools);
    const added = rules.call('ADD', 'one', dualStackConfiguration());
    const input = { ...dualStackConfiguration(), prevResult: JSON.parse(added.stdout) as JsonObject };
    const check = () => rules.call('CHECK', 'one', input);
    const iptables = `${TOOLS}/iptables-${filterOf(tools)}`;
    const repair = () => {
      rules.world.exec('rm', '-r', '/run/podwire/rules');
      rules.call('DEL', 'two', dualStackConfiguration());
      rules.call('ADD', 'two', dualStackConfiguration());
      expect(check()).toMatchObject({ exitCode: 0, stdout: '' });
    };
    repair();
    rules.world.exec(iptables, '-D', 'FORWARD', '-j', 'PODWIRE-FORWARD');
    expect(check().answer).toMatchObject({ code: 106, msg: expect.stringContaining('FORWARD') });
    repair();
    rules.world.exec(iptables, '-D', 'PODWIRE-FORWARD', '2');
    expect(check().answer).toMatchObject({ code: 106, msg: expect.stringMatching(/PODWIRE-FORWARD .*cni0/) });
    repair();
    misorder(tools);
    expect(check().answer).toMatchObject({ code: 106, msg: expect.stringContaining('10.9.0.0/24') });
    repair();
  });
});

/** Puts the first rule of the masquerading chain behind the one that it has to precede. */
function misorder(tools: RulesTools): void {
  if (tools === 'nft') {
    const chain = ['ip', 'podwire', 'PODWIRE-POSTROUTING'];
    const [line = ''] = rules.world
      .exec(`${TOOLS}/nft`, '-a', '-s', 'list', 'chain', ...chain)
      .split('\n')
      .filter((text) => text.includes('return'));
    const [rule = '', handle = ''] = line.trim().split(' # handle ');
    rules.world.exec(`${TOOLS}/nft`, 'delete', 'rule', ...chain, 'handle', handle);
    rules.world.exec(`${TOOLS}/nft`, 'add', 'rule', ...chain, ...rule.split(' '));
    return;
  }
  const iptables = [`${TOOLS}/iptables-${filterOf(tools)}`, '-t', 'nat'] as const;
  const [rule = ''] = rules.world
    .exec(...iptables, '-S', 'PODWIRE-POSTROUTING')
    .split('\n')
    .filter((line) => line.endsWith('RETURN'));
  rules.world.exec(...iptables, ...rule.replace('-A', '-D').split(' '));
  rules.world.exec(...iptables, ...rule.split(' '));
}
