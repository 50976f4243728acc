/**
 * One network namespace in the words that both sides can be put into: what the collector says and what `ip`, `bridge` and
 * `iptables-save` say. Every record is one line, every list is sorted, so that a difference reads as a diff.
 */
export type ComparableKernel = {
  readonly links: readonly string[];
  readonly addresses: readonly string[];
  readonly routes: readonly string[];
  readonly rules: readonly string[];
  readonly neighbours: readonly string[];
  readonly fdb: readonly string[];
};

export type ComparableNetfilter = {
  /** `inet filter FORWARD DROP`, `-` for the policy of a chain that is not built in. */
  readonly chains: readonly string[];
  /** `inet nat -A POSTROUTING …`, in the order of the kernel. */
  readonly rules: readonly string[];
};

export type Field = readonly [name: string, value: string | number | undefined];

/** `name=value` for each field that is there, in the given order. */
export const describeRecord = (fields: readonly Field[]): string =>
  fields.flatMap(([name, value]) => (value === undefined || value === '' ? [] : [`${name}=${value}`])).join(' ');

/** A host's prefix with its length, which `ip` leaves out. */
export const completePrefix = (prefix: string): string =>
  prefix === 'default' || prefix.includes('/') ? prefix : `${prefix}/${prefix.includes(':') ? 128 : 32}`;
