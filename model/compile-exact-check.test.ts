import { expect, test } from 'vitest';
import { z } from 'zod';
import { compileExactCheck } from './compile-exact-check.ts';
import { BatchRecord } from './protocol/agent-batch.ts';
import { buildInvocation, buildSnapshot, seedRandom } from './testing/build-node.ts';

const check = compileExactCheck(BatchRecord);

const delta = {
  node: 'n',
  bootId: 'b',
  time: 't',
  sequence: 2,
  changes: [
    { type: 'namespace.put', namespace: buildSnapshot([1]).namespaces[1] },
    {
      type: 'namespace.change',
      namespaceId: '1001',
      put: { links: [] },
      remove: { routes: ['x'] },
      sysctls: { a: '1' },
    },
  ],
};
const VALID = [
  { type: 'invocation', event: buildInvocation('ADD', 1, { id: 'a' }) },
  { type: 'invocation', event: buildInvocation('DEL', 2, { id: 'b', fails: true }) },
  { type: 'kernel.snapshot', snapshot: buildSnapshot([1, 2]) },
  { type: 'kernel.delta', delta },
  { type: 'journal.problem', file: 'f', offset: 1, message: 'm' },
].map((record) => JSON.parse(JSON.stringify(record)) as unknown);

test.each(VALID.map((record, place) => ({ place, record })))(
  'a valid record is taken without the schema ($place)',
  ({ record }) => {
    expect(BatchRecord.safeParse(record).success).toBe(true);
    expect(check(record)).toBe(true);
  },
);

const ODD: readonly unknown[] = [
  null,
  '',
  'x',
  -1,
  0,
  1.5,
  Number.POSITIVE_INFINITY,
  2 ** 60,
  true,
  [],
  {},
  [null],
  { a: 1 },
  undefined,
];

/** The value with one place in it replaced, removed, added to or repeated. */
function mutate(value: unknown, random: () => number): unknown {
  const pick = <T>(choices: readonly T[]): T => choices[Math.floor(random() * choices.length)] as T;
  if (typeof value !== 'object' || value === null || random() < 0.1) return pick(ODD);
  const keys = Object.keys(value);
  if (keys.length === 0 || random() < 0.1) {
    if (Array.isArray(value)) return [...value, pick(ODD)];
    return { ...value, [pick(['extra', 'toString', 'netfilter', 'error'])]: pick(ODD) };
  }
  const key = pick(keys);
  const copy = Array.isArray(value) ? [...value] : { ...value };
  if (random() < 0.1 && !Array.isArray(copy)) delete (copy as Record<string, unknown>)[key];
  else (copy as Record<string, unknown>)[key] = mutate((value as Record<string, unknown>)[key], random);
  return copy;
}

test('whatever is taken without the schema, the schema takes too and gives back unchanged, in 20,000 damaged records', () => {
  const random = seedRandom(7);
  let taken = 0;
  let refused = 0;
  for (let round = 0; round < 20_000; round += 1) {
    const damaged = mutate(VALID[round % VALID.length], random);
    const parsed = BatchRecord.safeParse(damaged);
    if (check(damaged)) {
      taken += 1;
      expect(parsed.success ? parsed.data : parsed.error).toEqual(damaged);
    } else if (!parsed.success) refused += 1;
  }
  expect(taken).toBeGreaterThan(500);
  expect(refused).toBeGreaterThan(1_000);
});

test('a key of __proto__, a nesting without end and a schema of an unknown kind are left to the schema', () => {
  const record = (stdin: unknown) => {
    const event = buildInvocation('ADD', 1, { id: 'a' });
    return { type: 'invocation', event: { ...event, data: { ...event.data, stdin } } };
  };
  expect(check(record(JSON.parse('{"a":{"__proto__":1}}')))).toBe(false);
  expect(check(record(JSON.parse(`${'['.repeat(5_000)}${']'.repeat(5_000)}`)))).toBe(false);
  expect(check(record(JSON.parse(`${'['.repeat(20)}${']'.repeat(20)}`)))).toBe(true);
  for (const schema of [z.string().default('x'), z.coerce.number(), z.email(), z.strictObject({}), z.string().trim()]) {
    expect(compileExactCheck(schema)('1')).toBe(false);
  }
});
