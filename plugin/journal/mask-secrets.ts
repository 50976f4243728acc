import type { JsonValue } from '#model/json.ts';

/** Keys whose values are nobody's business. Cluster configurations carry tokens and datastore passwords. */
const SECRET_KEY =
  /secret|token|passw(or)?d|passphrase|credential|(private|api|access|client|shared)_?-?key|psk$|auth(orization)?$/i;

export const MASK = '***';

/** @returns the same value with everything below a key that looks like a secret replaced by `***` */
export function maskSecrets(value: JsonValue): JsonValue {
  if (Array.isArray(value)) return value.map((element: JsonValue) => maskSecrets(element));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, inner]) => [key, SECRET_KEY.test(key) ? MASK : maskSecrets(inner)]),
  );
}
