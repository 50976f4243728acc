/** One namespace in the words that both sides can be put into. Every record is a line, so that a difference reads as a diff. */
export interface Described {
  readonly links: readonly string[];
  readonly addresses: readonly string[];
  readonly routes: readonly string[];
  readonly rules: readonly string[];
  readonly neighbours: readonly string[];
  readonly fdb: readonly string[];
  readonly nextHops: readonly string[];
  readonly qdiscs: readonly string[];
  readonly filters: readonly string[];
  readonly iptables: readonly string[];
  readonly nft: readonly string[];
  readonly ipsets: readonly string[];
  readonly problems: readonly string[];
}

/** Runs a command in the namespace that is compared. @returns its stdout */
export type RunTool = (command: string) => string;

type Value = string | number | boolean | undefined;

/** `name=value` for each field that is there, in the order given. */
export const describeFields = (fields: Readonly<Record<string, Value>>): string =>
  Object.entries(fields)
    .flatMap(([name, value]) => (value === undefined || value === '' ? [] : [`${name}=${value}`]))
    .join(' ');

/** What `nft -j list ruleset` lists, without counters; where there is no rule it says its own version and nothing else. */
export const describeRuleset = (entries: readonly object[]): string[] =>
  entries
    .filter((entry) => !('metainfo' in entry))
    .map((entry) => JSON.stringify(entry).replace(/"(packets|bytes)":\d+/g, ''));
