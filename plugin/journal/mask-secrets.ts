import type { JsonValue } from '#model/json.ts';

/** Keys whose values are nobody's business. Cluster configurations carry tokens and datastore passwords. */
const SECRET = 'secret|token|passw(or)?d|passphrase|credential|(private|api|access|client|shared)_?-?key';
const SECRET_KEY = new RegExp(`${SECRET}|(psk|auth(orization)?)$`, 'i');
const SECRET_WORD = new RegExp(`${SECRET}|(psk|auth(orization)?)\\b`, 'i');

export const MASK = '***';

/** @returns the same value with everything below a key that looks like a secret replaced by `***` */
export function maskSecrets(value: JsonValue): JsonValue {
  if (Array.isArray(value)) return value.map((element: JsonValue) => maskSecrets(element));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, inner]) => [key, SECRET_KEY.test(key) ? MASK : maskSecrets(inner)]),
  );
}

/** @returns text that is no JSON, and so cannot be taken apart, up to the first word that looks like the key of a secret */
export function cutAtSecret(text: string): string {
  const found = SECRET_WORD.exec(text);
  if (found === null) return text;
  return `${text.slice(0, found.index)}${found[0]}… (the rest is left out: it may hold a secret)`;
}
