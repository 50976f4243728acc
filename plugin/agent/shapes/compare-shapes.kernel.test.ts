import { setTimeout as wait } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { KernelSnapshot, type NetworkNamespace } from '#model/kernel/kernel-snapshot.ts';
import { equalJson } from '#model/topology/equal-json.ts';
import { findSandboxObstacle, KernelSandbox, podwireExecutable } from '#plugin/agent/kernel-sandbox.ts';
import { aws } from './aws.ts';
import { calico } from './calico.ts';
import { describeRecords } from './describe-records.ts';
import { describeTools } from './describe-tools.ts';
import { flannel } from './flannel.ts';
import { kindnet } from './kindnet.ts';
import { macvlan } from './macvlan.ts';

const obstacle = findSandboxObstacle();
if (obstacle !== undefined) console.warn(`skipped: ${obstacle}`);

const root = 'the node';

/** Compares what `podwire snapshot` says of every namespace with what the tools say there, object by object. */
describe.skipIf(obstacle !== undefined).each([calico, kindnet, flannel, macvlan, aws])(
  '$title',
  ({ script, pods, essence }) => {
    let sandbox: KernelSandbox;
    let snapshot: KernelSnapshot;
    beforeAll(async () => {
      sandbox = await KernelSandbox.start();
      sandbox.run(script);
      read();
    });
    afterAll(async () => sandbox?.stop());

    const read = (): void => {
      snapshot = KernelSnapshot.parse(sandbox.readJson(`PODWIRE_NODE=k8s-node01 ${podwireExecutable} snapshot`));
    };
    const find = (place: string): NetworkNamespace => {
      const found = snapshot.namespaces.find(({ kind, names }) =>
        place === root ? kind === 'root' : names.includes(`/var/run/netns/${place}`),
      );
      if (found === undefined) throw new Error(`no namespace for ${place} in the snapshot`);
      return found;
    };
    const run = (place: string) => (command: string) =>
      sandbox.run(place === root ? command : `ip netns exec ${place} sh -ec '${command}'`);

    it.each([root, ...pods])('%s is told object by object as the tools tell it', async (place) => {
      // IPv6 addresses are still on their way, with their routes: the two readings are repeated until they meet.
      const endsAtMs = performance.now() + 20_000;
      for (;;) {
        const [told, seen] = [describeRecords(find(place)), describeTools(run(place))];
        if (!equalJson(told, seen) && performance.now() < endsAtMs) {
          await wait(200);
          read();
          continue;
        }
        expect(told).toEqual(seen);
        break;
      }
    });

    it('has what the shape is known by', () => {
      for (const [place, collection, part] of essence) {
        const lines = describeRecords(find(place))[collection];
        expect(
          lines.some((line) => line.includes(part)),
          `${place}: ${part} in\n${lines.join('\n')}`,
        ).toBe(true);
      }
    });

    it('settings of each link are told as /proc/sys has them', () => {
      for (const place of [root, ...pods]) {
        const lines = run(place)(
          'cd /proc/sys && grep -H . net/ipv4/conf/*/proxy_arp net/ipv4/conf/*/rp_filter net/ipv4/conf/*/forwarding',
        );
        for (const line of lines.trim().split('\n')) {
          const [, path = '', value = ''] = /^(.*):([^:]*)$/.exec(line) ?? [];
          const name = path.replaceAll('/', '.');
          expect(`${name}=${find(place).sysctls[name]}`).toBe(`${name}=${value}`);
        }
      }
    });
  },
);
