import type { BpfAttachment, BpfAttachments } from '#model/kernel/bpf-attachments.ts';
import type { Link } from '#model/kernel/kernel-snapshot.ts';
import type { BpfPrograms } from './bpf-programs.ts';
import { optional } from './decode-attributes.ts';
import { callBpf, SystemCallError } from './libc.ts';

/** include/uapi/linux/bpf.h: enum bpf_cmd */
const BPF_PROG_QUERY = 16;

/** enum bpf_attach_type. include/uapi/linux/bpf.h */
const tcxHooks = [
  [46, 'tcx/ingress'],
  [47, 'tcx/egress'],
] as const;
const netkitHooks = [
  [54, 'netkit/primary'],
  [55, 'netkit/peer'],
] as const;
const namespaceHooks = [
  [17, 'flow_dissector'],
  [36, 'sk_lookup'],
] as const;

/** BPF_MPROG_MAX: no hook takes more. kernel/bpf/mprog.c */
const mostPrograms = 64;

/**
 * `query` of union bpf_attr: target u32, type u32, query_flags u32, attach_flags u32, prog_ids u64, count u32, pad,
 * prog_attach_flags u64, link_ids u64, link_attach_flags u64, revision u64. include/uapi/linux/bpf.h
 */
const queryBytes = 64;
const QUERY = { TARGET: 0, TYPE: 4, PROGRAM_IDS: 16, COUNT: 24, LINK_IDS: 40 } as const;

/** The hook is none of this link's, the link or the kernel lacks it, or it is gone. */
const noHook: ReadonlySet<string> = new Set(['EINVAL', 'ENODEV', 'ENXIO', 'EACCES', 'ENOENT', 'EOPNOTSUPP']);

interface QueriedNamespace {
  readonly links: readonly Link[];
  /** Runs `work` with the calling thread inside: a link is looked up in the caller's namespace. */
  readonly enter: <T>(work: () => T) => T;
  /** A descriptor of the namespace itself. */
  readonly fd: number;
}

/**
 * Reads which BPF programs packets meet in a namespace, beside classifiers of qdiscs (RTM_GETTFILTER). The kernel notifies of
 * none of them but XDP. Links are asked only where a program of that kind is loaded at all.
 * @param programs as `refresh` saw them
 */
export function readBpfAttachments(programs: BpfPrograms, { links, enter, fd }: QueriedNamespace): BpfAttachments {
  const found: Found[] = links.flatMap(listXdp);
  let { problem } = programs;
  const orProblem = <T>(ask: () => T, otherwise: T): T => {
    try {
      return ask();
    } catch (error) {
      if (!(error instanceof SystemCallError)) throw error;
      problem ??= `BPF programs cannot be read: ${error.message}`;
      return otherwise;
    }
  };
  if (programs.has('sched_cls')) found.push(...orProblem(() => enter(() => links.flatMap(queryLink)), []));
  if (programs.has('flow_dissector', 'sk_lookup')) {
    found.push(...orProblem(() => queryHooks(fd, namespaceHooks), []));
  }
  const described = found.map((each) => orProblem(() => describe(each, programs), each));
  if (described.length === 0 && problem === undefined) return nothing;
  return { programs: described, ...optional('problem', problem) };
}

/** As nearly every namespace has none. */
const nothing: BpfAttachments = { programs: [] };

type Found = Omit<BpfAttachment, 'name' | 'tag' | 'type'>;

function describe(found: Found, programs: BpfPrograms): BpfAttachment {
  // Without the rights to ask, number and hook are all that is known.
  const { name, tag, type } = (programs.problem === undefined ? programs.find(found.programId) : undefined) ?? {};
  return { ...found, ...optional('name', name), ...optional('tag', tag), ...optional('type', type) };
}

const listXdp = ({ index, xdp }: Link): Found[] =>
  (xdp?.programs ?? []).map(({ mode, id }) => ({ linkIndex: index, hook: `xdp/${mode}`, position: 0, programId: id }));

function queryLink({ index, kind }: Link): Found[] {
  const hooks = kind === 'netkit' ? [...tcxHooks, ...netkitHooks] : tcxHooks;
  return queryHooks(index, hooks).map((each) => ({ linkIndex: index, ...each }));
}

function queryHooks(target: number, hooks: readonly (readonly [number, BpfAttachment['hook']])[]): Found[] {
  return hooks.flatMap(([type, hook]) =>
    queryPrograms(target, type).map((each, position) => ({ hook, position, ...each })),
  );
}

const attributes = new Uint8Array(queryBytes);
const [programIds, linkIds] = [new Uint32Array(mostPrograms), new Uint32Array(mostPrograms)];
const buffers = [
  { at: QUERY.PROGRAM_IDS, bytes: new Uint8Array(programIds.buffer) },
  { at: QUERY.LINK_IDS, bytes: new Uint8Array(linkIds.buffer) },
];

function queryPrograms(target: number, type: number): Pick<Found, 'programId' | 'bpfLinkId'>[] {
  const view = new DataView(attributes.buffer);
  attributes.fill(0);
  view.setUint32(QUERY.TARGET, target, true);
  view.setUint32(QUERY.TYPE, type, true);
  view.setUint32(QUERY.COUNT, mostPrograms, true);
  linkIds.fill(0);
  // Only the hooks of links know of bpf_links here. kernel/bpf/net_namespace.c wants the rest to be zero.
  const isOfLink = type !== 17 && type !== 36;
  try {
    callBpf(BPF_PROG_QUERY, attributes, isOfLink ? buffers : buffers.slice(0, 1));
  } catch (error) {
    if (error instanceof SystemCallError && noHook.has(error.code)) return [];
    throw error;
  }
  return Array.from(programIds.subarray(0, view.getUint32(QUERY.COUNT, true)), (programId, place) => ({
    programId,
    ...optional('bpfLinkId', linkIds[place] || undefined),
  }));
}
