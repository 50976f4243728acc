import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { KernelSnapshot } from '#model/kernel/kernel-snapshot.ts';
import { findSandboxObstacle, KernelSandbox, podwireExecutable } from './kernel-sandbox.ts';

const obstacle = findSandboxObstacle();
if (obstacle !== undefined) console.warn(`skipped: ${obstacle}`);

const settings = {
  'net.ipv4.ip_forward': '1',
  'net.ipv4.ip_local_port_range': '40000 50000',
  'net.ipv4.conf.all.route_localnet': '1',
  'net.ipv6.conf.default.disable_ipv6': '1',
};
const node = `for n in 1 2 3; do ip netns add cni-$n; done
ip netns exec cni-3 sysctl -qw ${Object.entries(settings)
  .map(([name, value]) => `${name}="${value}"`)
  .join(' ')}`;

describe.skipIf(obstacle !== undefined)('the settings of namespaces', () => {
  let sandbox: KernelSandbox;
  beforeAll(async () => {
    sandbox = await KernelSandbox.start();
    sandbox.run(node);
  });
  afterAll(async () => sandbox?.stop());

  /** @param before shell words that the reading begins with */
  const read = (before: string) =>
    KernelSnapshot.parse(sandbox.readJson(`${before} ${podwireExecutable} snapshot`)).namespaces.map(
      ({ sysctls }) => sysctls,
    );
  /** What the namespace says itself. */
  const ask = (name: string, netns: string) =>
    sandbox.run(`ip netns exec ${netns} sysctl -n ${name}`).trim().replaceAll('\t', ' ');

  it('are those that the namespace itself tells, each its own', () => {
    const [, , plain = {}, set = {}] = read('');
    expect(set).toMatchObject(settings);
    for (const [netns, told] of Object.entries({ 'cni-2': plain, 'cni-3': set })) {
      const names = Object.keys(told).filter((name) => !name.includes('.lo.'));
      expect(names.length).toBeGreaterThan(20);
      expect(Object.fromEntries(names.map((name) => [name, ask(name, netns)]))).toEqual(
        Object.fromEntries(names.map((name) => [name, told[name]])),
      );
    }
  });

  it('are the same where so few files may be open that not every namespace can keep its own', () => {
    // Half of them are for settings, and a namespace has more than twenty.
    expect(read('ulimit -n 80; PODWIRE_READINGS=3')).toEqual(read(''));
  });
});
