import { callBpf } from '#plugin/netlink/libc.ts';

/*
 * Run by Bun inside a namespace: attaches a BPF program that lets every packet pass to each hook of the link with the index
 * given, says so on stdout, and stays, as the links that hold two of them go with it.
 */

/** enum bpf_cmd, bpf_prog_type and bpf_attach_type. include/uapi/linux/bpf.h */
const BPF = { PROG_LOAD: 5, PROG_ATTACH: 8, LINK_CREATE: 28 } as const;
const TYPE = { SCHED_CLS: 3, XDP: 6, FLOW_DISSECTOR: 22 } as const;
const HOOK = { FLOW_DISSECTOR: 17, XDP: 37, TCX_INGRESS: 46, TCX_EGRESS: 47 } as const;
/** XDP_FLAGS_SKB_MODE. include/uapi/linux/if_link.h */
const XDP_GENERIC = 2;

const linkIndex = Number(process.argv[2]);

/** `r0 = verdict; exit` */
function loadProgram(type: number, name: string, verdict: number): number {
  const instructions = Uint8Array.of(0xb7, 0, 0, 0, verdict, 0, 0, 0, 0x95, 0, 0, 0, 0, 0, 0, 0);
  const attributes = new Uint8Array(128);
  const view = new DataView(attributes.buffer);
  view.setUint32(0, type, true);
  view.setUint32(4, 2, true);
  attributes.set(new TextEncoder().encode(name), 48);
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

// TCX_PASS and XDP_PASS
const [next, pass, xdp] = [
  loadProgram(TYPE.SCHED_CLS, 'test_next', 0),
  loadProgram(TYPE.SCHED_CLS, 'test_pass', 0),
  loadProgram(TYPE.XDP, 'test_xdp', 2),
];
call(BPF.LINK_CREATE, [next, linkIndex, HOOK.TCX_INGRESS]);
call(BPF.PROG_ATTACH, [linkIndex, pass, HOOK.TCX_INGRESS]);
call(BPF.PROG_ATTACH, [linkIndex, pass, HOOK.TCX_EGRESS]);
call(BPF.LINK_CREATE, [xdp, linkIndex, HOOK.XDP, XDP_GENERIC]);
call(BPF.PROG_ATTACH, [0, loadProgram(TYPE.FLOW_DISSECTOR, 'test_dissector', 0), HOOK.FLOW_DISSECTOR]);
process.stdout.write('attached\n');
process.stdin.resume();
process.stdin.on('end', () => process.exit());
