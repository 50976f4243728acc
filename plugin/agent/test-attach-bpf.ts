import { openSync } from 'node:fs';
import { callBpf } from '#plugin/netlink/libc.ts';

/*
 * Run by Bun inside a namespace, with the index of a link and what it is: attaches BPF programs that let every packet pass to each
 * hook of a `link` and its namespace, or of the primary end of a `netkit` pair. It says so on stdout, and stays: what is held by a
 * bpf_link goes with it.
 */

/** enum bpf_cmd, bpf_prog_type and bpf_attach_type. include/uapi/linux/bpf.h */
const BPF = { PROG_LOAD: 5, PROG_ATTACH: 8, LINK_CREATE: 28 } as const;
const TYPE = { SCHED_CLS: 3, XDP: 6, FLOW_DISSECTOR: 22, SK_LOOKUP: 30 } as const;
const HOOK = {
  FLOW_DISSECTOR: 17,
  SK_LOOKUP: 36,
  XDP: 37,
  TCX_INGRESS: 46,
  TCX_EGRESS: 47,
  NETKIT_PRIMARY: 54,
  NETKIT_PEER: 55,
} as const;
/** XDP_FLAGS_SKB_MODE. include/uapi/linux/if_link.h */
const XDP_GENERIC = 2;

const linkIndex = Number(process.argv[2]);

interface Program {
  readonly name: string;
  /** TCX_PASS is 0, XDP_PASS 2, SK_PASS 1. */
  readonly verdict: number;
  readonly hook?: number;
}

/** `r0 = verdict; exit` */
function loadProgram(type: number, { name, verdict, hook = 0 }: Program): number {
  const instructions = Uint8Array.of(0xb7, 0, 0, 0, verdict, 0, 0, 0, 0x95, 0, 0, 0, 0, 0, 0, 0);
  const attributes = new Uint8Array(128);
  const view = new DataView(attributes.buffer);
  view.setUint32(0, type, true);
  view.setUint32(4, 2, true);
  attributes.set(new TextEncoder().encode(name), 48);
  view.setUint32(68, hook, true);
  const license = new TextEncoder().encode('GPL\0');
  return callBpf(BPF.PROG_LOAD, attributes, [
    { at: 8, bytes: instructions },
    { at: 16, bytes: license },
  ]);
}

/** `words` are the first ones of union bpf_attr. */
function call(command: number, words: readonly number[]): void {
  const attributes = new Uint8Array(64);
  new Uint32Array(attributes.buffer).set(words);
  callBpf(command, attributes);
}

function attachToLink(): void {
  const next = loadProgram(TYPE.SCHED_CLS, { name: 'test_next', verdict: 0 });
  const pass = loadProgram(TYPE.SCHED_CLS, { name: 'test_pass', verdict: 0 });
  const xdp = loadProgram(TYPE.XDP, { name: 'test_xdp', verdict: 2 });
  const dissector = loadProgram(TYPE.FLOW_DISSECTOR, { name: 'test_dissector', verdict: 0 });
  const lookup = loadProgram(TYPE.SK_LOOKUP, { name: 'test_lookup', verdict: 1, hook: HOOK.SK_LOOKUP });
  call(BPF.LINK_CREATE, [next, linkIndex, HOOK.TCX_INGRESS]);
  call(BPF.PROG_ATTACH, [linkIndex, pass, HOOK.TCX_INGRESS]);
  call(BPF.PROG_ATTACH, [linkIndex, pass, HOOK.TCX_EGRESS]);
  call(BPF.LINK_CREATE, [xdp, linkIndex, HOOK.XDP, XDP_GENERIC]);
  call(BPF.PROG_ATTACH, [0, dissector, HOOK.FLOW_DISSECTOR]);
  call(BPF.LINK_CREATE, [lookup, openSync('/proc/self/ns/net', 'r'), HOOK.SK_LOOKUP]);
}

function attachToNetkit(): void {
  for (const hook of [HOOK.NETKIT_PRIMARY, HOOK.NETKIT_PEER]) {
    call(BPF.LINK_CREATE, [loadProgram(TYPE.SCHED_CLS, { name: `test_${hook}`, verdict: 0, hook }), linkIndex, hook]);
  }
}

if (process.argv[3] === 'netkit') attachToNetkit();
else attachToLink();
process.stdout.write('attached\n');
process.stdin.resume();
process.stdin.on('end', () => process.exit());
