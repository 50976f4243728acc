import type { NetworkNamespace } from '#model/kernel/kernel-snapshot.ts';

type Hooks = Pick<NetworkNamespace, 'bpf' | 'wireguard'>;

/** Programs and peers without those of links that are gone: they go with them, and no notification says so. */
export function dropLinkHooks({ bpf, wireguard }: Hooks, gone: ReadonlySet<number>): Hooks {
  const isGone = ({ linkIndex }: { readonly linkIndex?: number | undefined }): boolean =>
    linkIndex !== undefined && gone.has(linkIndex);
  return {
    ...(bpf?.programs.some(isGone) && { bpf: { ...bpf, programs: bpf.programs.filter((each) => !isGone(each)) } }),
    ...(wireguard?.some(isGone) && { wireguard: wireguard.filter((each) => !isGone(each)) }),
  };
}
