import { execFileSync } from 'node:child_process';
import { expect, test } from 'vitest';

/**
 * Holds 32 MiB as long as it lives, and lets go of nearly as much again and again, after the engine has taken it for old. Says how
 * many MiB the heap was at most. The same with and without the bound; sizes, not times.
 */
const CHURN = `
  const make = (mib) => Array.from({ length: mib }, () => Array.from({ length: 1024 }, (_, place) => Array.from({ length: 120 }, () => place + 0.5)));
  const held = make(32);
  const passing = Array.from({ length: 24 });
  let mostMib = 0;
  for (let round = 0; round < 400; round += 1) {
    passing[round % passing.length] = make(1);
    mostMib = Math.max(mostMib, process.memoryUsage().heapUsed / 2 ** 20);
  }
  process.stdout.write(JSON.stringify({ held: held.length, mostMib }));
`;

test('half as much garbage as there is to keep waits in the collector, not three times as much', () => {
  const bounded = measureHeapMib("(await import('#server/bound-garbage.ts')).boundGarbage();");
  const unbounded = measureHeapMib('');
  expect(bounded).toBeLessThan(200);
  expect(bounded).toBeLessThan(0.75 * unbounded);
}, 120_000);

function measureHeapMib(before: string): number {
  const args = ['--input-type=module', '--max-old-space-size=4096', '--eval', `${before}${CHURN}`];
  const said = execFileSync(process.execPath, args, { cwd: import.meta.dirname, encoding: 'utf8' });
  return (JSON.parse(said) as { readonly mostMib: number }).mostMib;
}
