import { createHash, type Hash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { closeFile, openReadable, readInto } from './file-calls.ts';
import { closeDescriptor, getSocketOption, openSocket, SystemCallError } from './libc.ts';
import { AF, SOCK } from './netlink-tables.ts';

export type LegacyFamily = 'inet' | 'inet6';

interface LegacyInterface {
  /** Lists the tables that are in use, below /proc/<pid>/net. */
  readonly namesFile: string;
  readonly domain: number;
  /** IPPROTO_IP, IPPROTO_IPV6 */
  readonly level: number;
  /** Where struct ipt_entry and ip6t_entry have the way to the next one, and their counters. */
  readonly nextOffsetAt: number;
  readonly countersAt: number;
}

/** include/uapi/linux/netfilter_ipv4/ip_tables.h and netfilter_ipv6/ip6_tables.h */
const LEGACY: Readonly<Record<LegacyFamily, LegacyInterface>> = {
  inet: { namesFile: 'ip_tables_names', domain: AF.INET, level: 0, nextOffsetAt: 90, countersAt: 96 },
  inet6: { namesFile: 'ip6_tables_names', domain: AF.INET6, level: 41, nextOffsetAt: 142, countersAt: 152 },
};

/** IPT_SO_GET_INFO, IPT_SO_GET_ENTRIES: the same numbers in both families. */
const GET_INFO = 64;
const GET_ENTRIES = 65;
const IPPROTO_RAW = 255;
/** struct ipt_getinfo: name[32], valid_hooks, hook_entry[5], underflow[5], num_entries, size */
const INFO_BYTES = 84;
const SIZE_AT = 80;
/** struct ipt_get_entries: name[32], size u32, padding to 8, entries */
const ENTRIES_AT = 40;
const COUNTERS_BYTES = 16;

/** The families whose legacy interface this kernel has, as a module or built in. */
export const listLegacyFamilies = (): LegacyFamily[] =>
  (['inet', 'inet6'] as const).filter((family) => existsSync(`/proc/self/net/${LEGACY[family].namesFile}`));

/** Names of tables, each in a line; there are five. */
const names = new Uint8Array(1024);

/** Tables of the legacy interface that are in use in the namespace of the calling thread; looks without loading a module. */
function listLegacyTables(family: LegacyFamily): readonly string[] {
  const fd = openReadable(`/proc/thread-self/net/${LEGACY[family].namesFile}`);
  if (fd === undefined) return [];
  try {
    const length = readInto(fd, names);
    if (length === 0) return [];
    return new TextDecoder().decode(names.subarray(0, length)).split('\n').filter(Boolean).sort();
  } finally {
    closeFile(fd);
  }
}

/**
 * What the legacy tables in the namespace of the calling thread hold, counters aside, as one short text: the legacy
 * interface has neither notifications nor a generation number, and starting a tool to look costs a hundred times as much.
 * @returns `''` where none are in use
 */
export function digestLegacyTables(families: readonly LegacyFamily[]): string {
  let digest: Hash | undefined;
  for (const family of families) {
    for (const table of listLegacyTables(family)) {
      digest ??= createHash('sha256');
      digestTable(digest, table, LEGACY[family]);
    }
  }
  return digest?.digest('base64') ?? '';
}

function digestTable(digest: Hash, table: string, family: LegacyInterface): void {
  digest.update(`${family.namesFile} ${table}\n`);
  try {
    const fd = openSocket(family.domain, SOCK.RAW | SOCK.CLOEXEC, IPPROTO_RAW);
    try {
      digest.update(readEntries(fd, table, family));
    } finally {
      closeDescriptor(fd);
    }
  } catch (error) {
    // It changed between the two questions, or is not ours to read: the next look tells.
    if (!(error instanceof SystemCallError)) throw error;
    digest.update(error.code);
  }
}

function readEntries(fd: number, table: string, { level, nextOffsetAt, countersAt }: LegacyInterface): Uint8Array {
  const name = new TextEncoder().encode(table);
  const info = new Uint8Array(INFO_BYTES);
  info.set(name);
  getSocketOption(fd, { level, name: GET_INFO, value: info });
  const size = new DataView(info.buffer).getUint32(SIZE_AT, true);
  const answer = new Uint8Array(ENTRIES_AT + size);
  answer.set(name);
  const view = new DataView(answer.buffer);
  view.setUint32(32, size, true);
  getSocketOption(fd, { level, name: GET_ENTRIES, value: answer });
  for (let at = ENTRIES_AT; at + countersAt + COUNTERS_BYTES <= answer.length; ) {
    answer.fill(0, at + countersAt, at + countersAt + COUNTERS_BYTES);
    const next = view.getUint16(at + nextOffsetAt, true);
    if (next === 0) break;
    at += next;
  }
  return answer.subarray(ENTRIES_AT);
}
