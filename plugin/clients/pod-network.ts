import type { InvocationEvent } from '#model/cni/invocation-event.ts';
import type { JsonObject } from '#model/json.ts';
import type { CniAnswer, KernelWorld } from '#plugin/testing/kernel-world.ts';
import { podCidrConfiguration } from '#plugin/testing/network-configuration.ts';
import type { ClientWorld } from './client-world.ts';

/** The network `podnet` as a list, in the newest version that every runtime of Debian 12 knows (docs/clients.md). */
export function configurePodNetwork(world: ClientWorld, changes: JsonObject = {}): void {
  const { cniVersion: _, name, ...plugin } = podCidrConfiguration(changes);
  world.configureNetwork('10-podwire.conflist', { cniVersion: '1.0.0', name, plugins: [plugin] });
}

/** What a container has of a network. */
export type PodNetwork = {
  readonly mac: string;
  /** With prefix length, those of link scope left out. */
  readonly addresses: readonly string[];
  /** `destination via gateway`, those that come with an address left out. */
  readonly routes: readonly string[];
};

type IpLink = {
  readonly address: string;
  readonly addr_info: readonly { readonly local: string; readonly prefixlen: number; readonly scope: string }[];
};
type IpRoute = { readonly dst: string; readonly gateway?: string; readonly protocol: string };

/** @returns what the kernel shows of the interface in the namespace that the plugin was given */
export function readPodNetwork(world: KernelWorld, { data: { env } }: InvocationEvent): PodNetwork {
  const ip = (...parameters: string[]) =>
    JSON.parse(world.exec('nsenter', `--net=${env.netns}`, 'ip', '-j', ...parameters, 'dev', env.ifName ?? ''));
  const [link] = ip('address', 'show') as IpLink[];
  if (link === undefined) throw new Error(`${env.netns} has no interface ${env.ifName}`);
  return {
    mac: link.address,
    addresses: link.addr_info
      .filter(({ scope }) => scope === 'global')
      .map(({ local, prefixlen }) => `${local}/${prefixlen}`),
    routes: ([...ip('-4', 'route', 'show'), ...ip('-6', 'route', 'show')] as IpRoute[])
      .filter(({ protocol }) => protocol !== 'kernel')
      .map(({ dst, gateway }) => `${dst} via ${gateway}`),
  };
}

/** @returns the same, from the result that the plugin printed */
export function describePrinted({ data: { result } }: InvocationEvent): PodNetwork {
  const {
    interfaces,
    ips,
    routes = [],
  } = result as unknown as CniAnswer & {
    readonly routes?: readonly { readonly dst: string; readonly gw?: string }[];
  };
  return {
    mac: interfaces[2]?.mac ?? 'none in the result',
    addresses: ips.map(({ address }) => address),
    routes: routes.map(({ dst, gw }) => `${/^(0\.0\.0\.0|::)\/0$/.test(dst) ? 'default' : dst} via ${gw}`),
  };
}
