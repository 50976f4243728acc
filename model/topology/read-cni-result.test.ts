import { expect, it } from 'vitest';
import { readReported } from './read-cni-result.ts';

const result = {
  cniVersion: '1.0.0',
  interfaces: [
    { name: 'br7', mac: '02:00:00:00:00:01' },
    { name: 'veth1', mac: '02:00:00:00:00:02' },
    { name: 'eth0', mac: '02:00:00:00:00:03', sandbox: '/run/netns/one' },
  ],
  ips: [{ address: '10.7.0.2/24', gateway: '10.7.0.1', interface: 2 }],
};

it('a tap behind a bridge plugin knows by the chain which interface is the bridge and which the host’s veth', () => {
  const tap = { type: 'podwire', mode: 'tap' };
  const chain = [tap, { type: 'bridge', bridge: 'br7' }, tap];
  expect(readReported('eth0', result, chain)).toMatchObject({ bridge: 'br7', hostVeth: 'veth1' });
});

it('the table numbers that AWS writes where a MAC should be do not hide the addresses', () => {
  const interfaces = [{ name: 'dummy0', mac: '2', sandbox: '0' }];
  const reported = readReported('eth0', { ...result, interfaces }, []);
  expect(reported).toMatchObject({ addresses: ['10.7.0.2/24'], gateways: ['10.7.0.1'] });
});
