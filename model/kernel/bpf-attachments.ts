import { z } from 'zod';
import { LinkIndex } from './link-index.ts';

/** One BPF program that runs for packets of a link, or of the whole namespace. */
export const BpfAttachment = z.object({
  /** Absent for a hook of the whole namespace. */
  linkIndex: LinkIndex.optional(),
  /** include/uapi/linux/bpf.h: enum bpf_attach_type; XDP with the mode that it runs in. */
  hook: z.enum([
    'tcx/ingress',
    'tcx/egress',
    'netkit/primary',
    'netkit/peer',
    'xdp/driver',
    'xdp/generic',
    'xdp/offload',
    'flow_dissector',
    'sk_lookup',
  ]),
  /** From 0, in the order in which the programs of one hook run. */
  position: z.int().nonnegative(),
  programId: z.int(),
  /** As its loader named it, up to 15 characters. */
  name: z.string().optional(),
  /** SHA of its instructions, as `bpftool prog` prints it. */
  tag: z.string().optional(),
  /** BPF_PROG_TYPE_* in lower case: sched_cls, xdp, …, or the bare number. */
  type: z.string().optional(),
  /** The bpf_link that holds the program there: it goes when its last holder closes it. */
  bpfLinkId: z.int().optional(),
});
export type BpfAttachment = z.infer<typeof BpfAttachment>;

/** `problem`: why the kernel did not tell, so that an empty list is not taken for "nothing attached". */
export const BpfAttachments = z.object({ programs: z.array(BpfAttachment), problem: z.string().optional() });
export type BpfAttachments = z.infer<typeof BpfAttachments>;
