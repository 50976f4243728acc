import { z } from 'zod';
import { compileExactCheck } from '../compile-exact-check.ts';
import type { Attachment } from './topology.ts';

/** The parts of a CNI result that the join needs. CNI SPEC.md, "Success"; 0.1.0 and 0.2.0 say `ip4` and `ip6`. */
const Interface = z.object({
  name: z.string(),
  mac: z.string().optional(),
  mtu: z.int().optional(),
  sandbox: z.string().optional(),
});
const OldAddress = z.object({ ip: z.string(), gateway: z.string().optional() });
const Ips = z.array(z.object({ address: z.string(), gateway: z.string().optional(), interface: z.int().optional() }));
const CniResult = z.object({
  interfaces: z.array(Interface).default([]),
  ips: Ips.default([]),
  ip4: OldAddress.optional(),
  ip6: OldAddress.optional(),
});
/** What nearly every result is, and all of it: a result of this shape needs no copy. */
const isUsualResult = compileExactCheck(
  z.object({
    cniVersion: z.string().optional(),
    interfaces: z.array(Interface),
    ips: Ips,
    routes: z.json().optional(),
    dns: z.json().optional(),
  }),
);

type Reported = NonNullable<Attachment['reported']>;
type Addresses = Pick<Reported, 'addresses' | 'gateways'>;
const NOTHING: Reported = { addresses: [], gateways: [] };

const parseResult = (result: unknown): z.infer<typeof CniResult> | undefined =>
  isUsualResult(result) ? (result as z.infer<typeof CniResult>) : CniResult.safeParse(result).data;

/** Addresses and gateways of a printed result, in its order; nothing where it is no CNI result. */
export function readCniResult(result: unknown): Addresses {
  const parsed = parseResult(result);
  return parsed === undefined ? NOTHING : listAddresses(parsed);
}

function listAddresses({ ips, ip4, ip6 }: z.infer<typeof CniResult>): Addresses {
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
  const parsed = parseResult(result);
  if (parsed === undefined) return NOTHING;
  const { interfaces } = parsed;
  const inPod = interfaces.filter((each) => (each.sandbox ?? '') !== '');
  const podLink = inPod.find((each) => each.name === ifName) ?? inPod[0];
  const named = chain.map(readBridgeName);
  const bridgeName = named.find((name) => name !== undefined) ?? 'cni0';
  const onHost = interfaces.filter((each) => (each.sandbox ?? '') === '');
  const bridge = onHost.find((each) => each.name === bridgeName);
  const hostVeth = onHost.find((each) => each !== bridge);
  return {
    ...listAddresses(parsed),
    ...(podLink?.mac !== undefined && { podMac: podLink.mac.toLowerCase() }),
    ...(podLink?.mtu !== undefined && podLink.mtu > 0 && { mtuBytes: podLink.mtu }),
    ...(hostVeth !== undefined && { hostVeth: hostVeth.name }),
    ...(bridge !== undefined && { bridge: bridge.name }),
  };
}

function readBridgeName(plugin: unknown): string | undefined {
  const bridge = (plugin as { readonly bridge?: unknown } | null | undefined)?.bridge;
  return typeof bridge === 'string' ? bridge : undefined;
}
