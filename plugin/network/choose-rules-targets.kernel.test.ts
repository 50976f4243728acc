import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { EXECUTABLE } from '#plugin/testing/kernel-world.ts';
import { observeSource } from '#plugin/testing/observe-source.ts';
import { dualStackConfiguration, hasLegacyFilter, RulesWorld, TOOLS } from '#plugin/testing/rules-world.ts';

let rules: RulesWorld;

beforeEach(async () => {
  rules = await RulesWorld.open();
});

afterEach(() => rules[Symbol.dispose]());

describe('the backend', () => {
  it('the first pod of a node costs one start of one program per family', () => {
    rules.linkIptables(writeCountingScript());
    expect(rules.call('ADD', 'one', dualStackConfiguration()).exitCode).toBe(0);
    expect(rules.world.exec('cat', '/run/started').trim().split('\n')).toEqual([
      'iptables-restore',
      'ip6tables-restore',
    ]);
  });

  it.skipIf(!hasLegacyFilter)(
    'the other filter’s FORWARD chain gets the accepting rules too, as it may drop what ours accepts',
    () => {
      rules.dropForwarded('legacy');
      rules.equip('iptables-nft');
      rules.call('ADD', 'one', dualStackConfiguration());
      expect(observeSource(rules.world, { from: 'one', to: 'far', address: '192.0.2.2' })).toBe('192.0.2.1');
      expect(rules.world.exec(`${TOOLS}/iptables-legacy-save`)).not.toContain('MASQUERADE');
    },
  );

  it.skipIf(!hasLegacyFilter)('and the other way round', () => {
    rules.dropForwarded('nft');
    rules.equip('iptables-legacy');
    rules.call('ADD', 'one', dualStackConfiguration());
    expect(observeSource(rules.world, { from: 'one', to: 'far', address: '2001:db8::2' })).toBe('2001:db8::1');
    expect(rules.world.exec(`${TOOLS}/iptables-nft-save`)).not.toContain('MASQUERADE');
  });

  it.skipIf(!hasLegacyFilter).each([
    ['iptables-nft', 'legacy'],
    ['iptables-legacy', 'nft'],
  ] as const)('is what Kubernetes uses, where %s is the default and the hint is in %s', (tools, hinted) => {
    rules.world.exec(`${TOOLS}/iptables-${hinted}`, '-t', 'mangle', '-N', 'KUBE-IPTABLES-HINT');
    rules.equip(tools);
    rules.call('ADD', 'one', dualStackConfiguration());
    expect(rules.world.exec(`${TOOLS}/iptables-${hinted}-save`, '-t', 'nat')).toContain('MASQUERADE');
  });

  it('is the one that ipMasqBackend names, and changes with it', () => {
    rules.equip('iptables-nft');
    rules.call('ADD', 'one', dualStackConfiguration({ ipMasqBackend: 'nftables' }));
    expect(rules.world.exec(`${TOOLS}/nft`, 'list', 'table', 'ip', 'podwire')).toContain('masquerade comment "podnet"');
    rules.call('ADD', 'two', dualStackConfiguration({ ipMasqBackend: 'iptables' }));
    expect(rules.world.exec(`${TOOLS}/nft`, 'list', 'table', 'ip', 'podwire')).not.toContain('masquerade');
    expect(rules.world.exec(`${TOOLS}/iptables-nft-save`)).toContain('-A PODWIRE-FORWARD -i cni0 -m comment');
    expect(rules.world.exec(`${TOOLS}/iptables-nft-save`)).toContain('MASQUERADE');
  });

  it('of another name is refused: code 7', () => {
    expect(rules.call('ADD', 'one', dualStackConfiguration({ ipMasqBackend: 'ebtables' })).answer.code).toBe(7);
  });

  it.each([
    [undefined, 'install the package iptables or nftables'],
    ['iptables', 'install the package iptables'],
    ['nftables', 'install the package nftables'],
  ])('that the node does not have (ipMasqBackend %s) is an error that says what to install', (ipMasqBackend, text) => {
    rules.hidePrograms();
    const configuration = dualStackConfiguration(ipMasqBackend === undefined ? {} : { ipMasqBackend });
    const { answer } = rules.call('ADD', 'one', configuration);
    expect(answer.code).toBe(103);
    expect(answer.msg).toContain(text);
    expect(rules.call('STATUS', '', configuration).answer).toMatchObject({ code: 50, msg: answer.msg });
    expect(rules.world.listLinkNames('one')).toEqual([]);
  });

  it.skipIf(!hasLegacyFilter)('whose lock another program holds is waited for within bounds, then code 11', () => {
    rules.equip('iptables-legacy');
    const script = 'exec 9>/run/xtables.lock; flock 9; exec "$PODWIRE"';
    const { stdout } = rules.world.try(['sh', '-ec', script], JSON.stringify(dualStackConfiguration()), {
      ...{ CNI_COMMAND: 'ADD', CNI_CONTAINERID: 'one', CNI_NETNS: '/run/netns/one', CNI_IFNAME: 'eth0' },
      ...{ PATH: rules.path, PODWIRE_DEADLINE_MS: '16000', PODWIRE: EXECUTABLE },
    });
    expect(JSON.parse(stdout)).toMatchObject({ code: 11, msg: expect.stringContaining('xtables lock') });
    expect(rules.world.listLinkNames('one')).toEqual([]);
  });

  /** By a name that tells the kind, as the programs themselves have. @returns its path */
  function writeCountingScript(): string {
    const script = `#!/bin/sh
name=$(basename "$0"); echo "$name" >>/run/started
exec ${TOOLS}/$(echo "$name" | sed 's/tables/tables-nft/') "$@"`;
    const path = '/run/xtables-nft-counted';
    expect(rules.world.try(['sh', '-ec', `cat >${path}; chmod +x ${path}`], script).exitCode).toBe(0);
    return path;
  }
});
