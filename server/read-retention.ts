import { fail, type Result, succeed } from '#model/result.ts';
import type { StoreProblem } from './store/open-store.ts';
import type { RetentionLimits } from './topology/log-retention.ts';

const AGE_MS = new Map([
  ['s', 1_000],
  ['m', 60_000],
  ['h', 3_600_000],
  ['d', 86_400_000],
]);
const SIZE_BYTES = new Map([
  ['MiB', 2 ** 20],
  ['GiB', 2 ** 30],
  ['TiB', 2 ** 40],
]);
/** Less would not hold the newest state of a few nodes. */
const LEAST_AGE_MS = 60_000;
const LEAST_SIZE_BYTES = 16 * 2 ** 20;

/** `PODWIRE_RETENTION_AGE` (7d) and `PODWIRE_RETENTION_SIZE` (2GiB); `off` turns either off. */
export function readRetention(
  environment: Readonly<Record<string, string | undefined>>,
): Result<RetentionLimits, StoreProblem> {
  const age = readLimit('PODWIRE_RETENTION_AGE', environment.PODWIRE_RETENTION_AGE ?? '7d', {
    units: AGE_MS,
    least: LEAST_AGE_MS,
    remedy: 'Write it as 90m, 12h or 7d, at least 1m, or off.',
  });
  if (!age.ok) return age;
  const size = readLimit('PODWIRE_RETENTION_SIZE', environment.PODWIRE_RETENTION_SIZE ?? '2GiB', {
    units: SIZE_BYTES,
    least: LEAST_SIZE_BYTES,
    remedy: 'Write it as 500MiB or 2GiB, at least 16MiB, or off.',
  });
  return size.ok ? succeed({ ageMs: age.value, sizeBytes: size.value }) : size;
}

function readLimit(
  name: string,
  text: string,
  scale: { readonly units: ReadonlyMap<string, number>; readonly least: number; readonly remedy: string },
): Result<number | undefined, StoreProblem> {
  if (text === 'off') return succeed(undefined);
  const [, count = '', unit = ''] = /^(\d{1,9})([A-Za-z]+)$/.exec(text) ?? [];
  const value = Number(count) * (scale.units.get(unit) ?? Number.NaN);
  if (count !== '' && value >= scale.least && Number.isSafeInteger(value)) return succeed(value);
  return fail({ problem: `${name}=${text} is no limit of the event log.`, remedy: scale.remedy });
}
