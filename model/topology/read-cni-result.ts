import { z } from 'zod';
import type { Attachment } from './topology.ts';

/** The parts of a CNI result that the join needs. CNI SPEC.md, "Success"; 0.1.0 and 0.2.0 say `ip4` and `ip6`. */
const Interface = z.object({
  name: z.string(),
  mac: z.string().optional(),
  mtu: z.int().optional(),
  sandbox: z.string().optional(),
});
const OldAddress = z.object({ ip: z.string(), gateway: z.string().optional() });
const CniResult = z.object({
  interfaces: z.array(Interface).default([]),
  ips: z
    .array(z.object({ address: z.string(), gateway: z.string().optional(), interface: z.int().optional() }))
    .default([]),
  ip4: OldAddress.optional(),
  ip6: OldAddress.optional(),
});
const BridgeName = z.object({ bridge: z.string() });

type Reported = NonNullable<Attachment['reported']>;
const NOTHING: Reported = { addresses: [], gateways: [] };

/** Addresses and gateways of a printed result, in its order; nothing where it is no CNI result. */
export function readCniResult(result: unknown): Pick<Reported, 'addresses' | 'gateways'> {
  const parsed = CniResult.safeParse(result);
  if (!parsed.success) return NOTHING;
  const { ips, ip4, ip6 } = parsed.data;
  const old = [ip4, ip6].flatMap((each) => (each === undefined ? [] : [{ address: each.ip, gateway: each.gateway }]));
  const all = [...ips, ...old];
  return {
    addresses: all.map((each) => each.address),
    gateways: [...new Set(all.flatMap((each) => (each.gateway === undefined ? [] : [each.gateway])))],
  };
}

/**
 * What an ADD said it made for `ifName`. The pod's end is the interface with a sandbox; of those on the host the bridge is
 * the one that a plugin of the chain names, the default of the bridge plugin being `cni0`; the other is the host's veth.
 */
export function readReported(ifName: string | undefined, result: unknown, chain: readonly unknown[]): Reported {
  const parsed = CniResult.safeParse(result);
  if (!parsed.success) return NOTHING;
  const { interfaces } = parsed.data;
  const inPod = interfaces.filter((each) => (each.sandbox ?? '') !== '');
  const podLink = inPod.find((each) => each.name === ifName) ?? inPod[0];
  const named = chain.map((plugin) => BridgeName.safeParse(plugin).data?.bridge);
  const bridgeName = named.find((name) => name !== undefined) ?? 'cni0';
  const onHost = interfaces.filter((each) => (each.sandbox ?? '') === '');
  const bridge = onHost.find((each) => each.name === bridgeName);
  const hostVeth = onHost.find((each) => each !== bridge);
  return {
    ...readCniResult(result),
    ...(podLink?.mac !== undefined && { podMac: podLink.mac.toLowerCase() }),
    ...(podLink?.mtu !== undefined && podLink.mtu > 0 && { mtuBytes: podLink.mtu }),
    ...(hostVeth !== undefined && { hostVeth: hostVeth.name }),
    ...(bridge !== undefined && { bridge: bridge.name }),
  };
}
