import { formatHex } from './decode-attributes.ts';
import { callBpf, closeDescriptor, SystemCallError } from './libc.ts';
import { readString } from './netlink-message.ts';

/** enum bpf_cmd. include/uapi/linux/bpf.h */
const BPF = { PROG_GET_NEXT_ID: 11, PROG_GET_FD_BY_ID: 13, OBJ_GET_INFO_BY_FD: 15 } as const;

/** struct bpf_prog_info: type u32, id u32, tag[8], …, name[16] at 64; the rest is not asked for. include/uapi/linux/bpf.h */
const infoBytes = 80;
const tagAt = 8;
const nameAt = 64;

/** enum bpf_prog_type, of those that a packet meets. include/uapi/linux/bpf.h */
const programTypes: Readonly<Record<number, string>> = {
  3: 'sched_cls',
  6: 'xdp',
  22: 'flow_dissector',
  30: 'sk_lookup',
};

/** A program that the kernel holds. */
export interface BpfProgram {
  /** As its loader named it. */
  readonly name: string | undefined;
  readonly tag: string;
  readonly type: string;
}

/**
 * The BPF programs of this kernel: which kinds there are decides what has to be asked of each link. A program never changes, and
 * its number is not given again soon, so each is asked for once.
 */
export class BpfPrograms {
  #known = new Map<number, BpfProgram | undefined>();
  #types: ReadonlySet<string> = new Set();
  #problem: string | undefined;

  /** Why the kernel does not tell: a missing capability. */
  get problem(): string | undefined {
    return this.#problem;
  }

  /** Looks which programs there are: one system call where there are none. */
  refresh(): void {
    const before = this.#known;
    this.#known = new Map();
    this.#problem = undefined;
    try {
      for (let id = readNextId(0); id !== undefined; id = readNextId(id)) {
        this.#known.set(id, before.get(id) ?? readProgram(id));
      }
    } catch (error) {
      if (!(error instanceof SystemCallError)) throw error;
      // A kernel without bpf(2) has no programs either.
      if (error.code !== 'ENOSYS') this.#problem = `BPF programs cannot be read: ${error.message}`;
    }
    this.#types = new Set(Array.from(this.#known.values(), (program) => program?.type ?? 'gone'));
  }

  /** Whether a program of one of these types is loaded. */
  has(...types: readonly string[]): boolean {
    return types.some((type) => this.#types.has(type));
  }

  /** @returns undefined where it is gone */
  find(id: number): BpfProgram | undefined {
    if (!this.#known.has(id)) this.#known.set(id, readProgram(id));
    return this.#known.get(id);
  }
}

function readNextId(after: number): number | undefined {
  const attributes = new Uint8Array(12);
  const view = new DataView(attributes.buffer);
  view.setUint32(0, after, true);
  return orGone(() => {
    callBpf(BPF.PROG_GET_NEXT_ID, attributes);
    return view.getUint32(4, true);
  });
}

function readProgram(id: number): BpfProgram | undefined {
  const request = new Uint8Array(12);
  new DataView(request.buffer).setUint32(0, id, true);
  const fd = orGone(() => callBpf(BPF.PROG_GET_FD_BY_ID, request));
  if (fd === undefined) return undefined;
  try {
    const [attributes, info] = [new Uint8Array(16), new Uint8Array(infoBytes)];
    const view = new DataView(attributes.buffer);
    view.setUint32(0, fd, true);
    view.setUint32(4, infoBytes, true);
    callBpf(BPF.OBJ_GET_INFO_BY_FD, attributes, [{ at: 8, bytes: info }]);
    const type = new DataView(info.buffer).getUint32(0, true);
    return {
      name: readString(info.subarray(nameAt)) || undefined,
      tag: formatHex(info.subarray(tagAt, tagAt + 8)),
      type: programTypes[type] ?? String(type),
    };
  } finally {
    closeDescriptor(fd);
  }
}

function orGone<T>(ask: () => T): T | undefined {
  try {
    return ask();
  } catch (error) {
    if (error instanceof SystemCallError && error.code === 'ENOENT') return undefined;
    throw error;
  }
}
