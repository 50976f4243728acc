import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ipamConfiguration } from '#plugin/testing/network-configuration.ts';
import { ALL_TOOLS, dualStackConfiguration, filterOf, RulesWorld, TOOLS } from '#plugin/testing/rules-world.ts';

let rules: RulesWorld;

beforeEach(async () => {
  rules = await RulesWorld.open();
});

afterEach(() => rules[Symbol.dispose]());

describe.each(ALL_TOOLS)('with %s', (tools) => {
  it('a second pod starts no program and adds no rule', () => {
    rules.equip(tools);
    rules.call('ADD', 'one', dualStackConfiguration());
    const before = rules.listOwnRules();
    rules.hidePrograms();
    expect(rules.call('ADD', 'two', dualStackConfiguration()).exitCode).toBe(0);
    expect(rules.listOwnRules()).toEqual(before);
    expect(before.length).toBeGreaterThan(10);
  });

  it('the first pods of a node, all at once, set each rule once', async () => {
    rules.equip(tools);
    const pods = ['one', 'two', 'three'].map((netns) => ({
      command: 'ADD',
      containerId: netns,
      netns,
      ifName: 'eth0',
    }));
    const input = dualStackConfiguration();
    const variables = { PATH: rules.path };
    const added = await Promise.all(pods.map((pod) => rules.world.cniInParallel({ ...pod, input, variables })));
    expect(added.map(({ exitCode }) => exitCode)).toEqual([0, 0, 0]);
    // In each family two accepting ones, three exemptions and the masquerading one.
    expect(rules.listOwnRules()).toHaveLength(12);
    const forward = rules.world.exec(`${TOOLS}/iptables-${filterOf(tools)}`, '-S', 'FORWARD');
    expect(forward.match(/-j PODWIRE-FORWARD/g)).toHaveLength(1);
  });

  it('rules are found again where nothing tells of them, as after an ADD that was killed: none is there twice', () => {
    rules.equip(tools);
    rules.call('ADD', 'one', dualStackConfiguration());
    const before = rules.listOwnRules();
    rules.world.exec('rm', '-r', '/run/podwire/rules');
    expect(rules.call('ADD', 'two', dualStackConfiguration()).exitCode).toBe(0);
    expect(rules.listOwnRules()).toEqual(before);
    const forward = rules.world.exec(`${TOOLS}/iptables-${filterOf(tools)}`, '-S', 'FORWARD');
    expect(forward.match(/-j PODWIRE-FORWARD/g)).toHaveLength(1);
  });

  it('the rules of a network that another one was added to are left in place', () => {
    rules.equip(tools);
    const other = ipamConfiguration({ subnet: '10.7.0.0/24' }, { name: 'other', bridge: 'cni1', ipMasq: true });
    rules.call('ADD', 'one', dualStackConfiguration());
    const before = rules.listOwnRules();
    expect(rules.call('ADD', 'two', other).exitCode).toBe(0);
    expect(rules.listOwnRules()).toEqual(before);
    expect(rules.listOwnRules('other')).toHaveLength(5);
    rules.hidePrograms();
    expect(rules.call('ADD', 'three', dualStackConfiguration()).exitCode).toBe(0);
  });

  it('a subnet that the network had before keeps its rules until its last pod is gone and GC comes', () => {
    rules.equip(tools);
    const at = (subnet: string) => ipamConfiguration({ subnet }, { ipMasq: true, forceAddress: true });
    const collect = (...valid: readonly string[]) => {
      const attachments = valid.map((containerID) => ({ containerID, ifname: 'eth0' }));
      const input = { ...at('10.7.0.0/24'), 'cni.dev/valid-attachments': attachments };
      return rules.call('GC', '', input);
    };
    const hasOld = () => rules.listOwnRules().some((line) => line.includes('10.9.0.0/24'));
    rules.call('ADD', 'one', at('10.9.0.0/24'));
    rules.call('ADD', 'two', at('10.7.0.0/24'));
    expect([hasOld(), collect('one', 'two').exitCode, hasOld()]).toEqual([true, 0, true]);
    expect([collect('two').exitCode, hasOld()]).toEqual([0, false]);
    expect(rules.listOwnRules()).toHaveLength(5);
    expect(rules.call('ADD', 'three', at('10.7.0.0/24')).exitCode).toBe(0);
  });

  it('a range that changes while no pod uses the old one takes the old rules along', () => {
    rules.equip(tools);
    rules.call('ADD', 'one', dualStackConfiguration());
    rules.call('DEL', 'one', dualStackConfiguration());
    const changed = ipamConfiguration({ subnet: '10.7.0.0/24' }, { ipMasq: true, forceAddress: true });
    rules.call('ADD', 'one', changed);
    expect(rules.listOwnRules().filter((line) => /10\.9\.0\.0|fd00:9::/.test(line))).toEqual([]);
    expect(rules.listOwnRules()).toHaveLength(5);
  });

  it('rules of others stay as they are, whatever comes and goes', () => {
    rules.equip(tools);
    const iptables = `${TOOLS}/iptables-${filterOf(tools)}`;
    rules.world.exec(iptables, '-A', 'FORWARD', '-s', '192.0.2.77', '-j', 'DROP');
    rules.call('ADD', 'one', dualStackConfiguration());
    rules.world.exec(iptables, '-A', 'PODWIRE-FORWARD', '-s', '192.0.2.78', '-j', 'DROP');
    rules.call('ADD', 'two', dualStackConfiguration({ clusterCidr: '10.8.0.0/16' }));
    expect(rules.world.exec(iptables, '-S')).toContain('-A FORWARD -s 192.0.2.77/32 -j DROP');
    expect(rules.world.exec(iptables, '-S')).toContain('-A PODWIRE-FORWARD -s 192.0.2.78/32 -j DROP');
    const exempt = rules.listOwnRules().filter((line) => /(-d|daddr) 10\.(0\.0\.0\/8|8\.0\.0\/16)/.test(line));
    expect(exempt).toEqual([expect.stringContaining('10.8.0.0/16')]);
  });

  it('DEL leaves the rules for the next pod', () => {
    rules.equip(tools);
    rules.call('ADD', 'one', dualStackConfiguration());
    const before = rules.listOwnRules();
    rules.call('DEL', 'one', dualStackConfiguration());
    expect(rules.listOwnRules()).toEqual(before);
  });
});

describe.each(['iptables-nft', 'nft'] as const)('with %s, rules that somebody else took away', (tools) => {
  const nft = `${TOOLS}/nft`;
  it.each([
    ['all of them', () => rules.world.exec(nft, 'flush', 'ruleset')],
    ['those of a chain', () => rules.world.exec(nft, 'flush', 'chain', 'ip', 'filter', 'PODWIRE-FORWARD')],
    ['the jump', () => rules.world.exec(nft, 'flush', 'chain', 'ip6', 'filter', 'FORWARD')],
    ['one for another', () => replaceFirstRule()],
  ])('are set again by the next ADD: %s', (_, takeAway) => {
    rules.equip(tools);
    rules.call('ADD', 'one', dualStackConfiguration());
    const before = rules.listOwnRules();
    takeAway();
    expect(rules.call('ADD', 'two', dualStackConfiguration()).exitCode).toBe(0);
    expect(rules.listOwnRules()).toEqual(before);
    for (const name of ['iptables', 'ip6tables'])
      expect(rules.world.exec(`${TOOLS}/${name}-nft`, '-S', 'FORWARD')).toContain('-A FORWARD -j PODWIRE-FORWARD');
  });

  it('while changes that are not ours start no program', () => {
    rules.equip(tools);
    rules.call('ADD', 'one', dualStackConfiguration());
    rules.hidePrograms();
    rules.world.exec(`${TOOLS}/iptables-nft`, '-A', 'FORWARD', '-s', '192.0.2.77', '-j', 'DROP');
    expect(rules.call('ADD', 'two', dualStackConfiguration()).exitCode).toBe(0);
    expect(rules.call('ADD', 'three', dualStackConfiguration()).exitCode).toBe(0);
  });

  function replaceFirstRule(): void {
    const chain = ['ip', 'filter', 'PODWIRE-FORWARD'];
    const handle =
      / # handle (\d+)\n\t*oifname/.exec(rules.world.exec(nft, '-a', 'list', 'chain', ...chain))?.[1] ?? '';
    rules.world.exec(
      nft,
      'replace',
      'rule',
      ...chain,
      'handle',
      handle,
      'iifname',
      'cni0',
      'drop',
      'comment',
      '"podnet"',
    );
  }
});
