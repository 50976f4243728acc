import type { JsonObject, JsonValue } from '#model/json.ts';
import { CNI_ERROR_CODE, CniFailure } from './cni-failure.ts';

/**
 * Reads one key of the configuration. Keys match in any case, as Go's JSON decoder does it: containerd sends
 * `dns.Servers` and `portMappings[].HostPort`. Each reader throws a CniFailure of code 7 that names the key.
 */
export function readKey(object: JsonObject, key: string): JsonValue | undefined {
  if (Object.hasOwn(object, key)) return object[key] ?? undefined;
  const wanted = key.toLowerCase();
  const found = Object.keys(object).find((candidate) => candidate.toLowerCase() === wanted);
  return found === undefined ? undefined : (object[found] ?? undefined);
}

const wrongType = (key: string, wanted: string): CniFailure =>
  new CniFailure(`${key} has to be ${wanted}`, { code: CNI_ERROR_CODE.configurationInvalid });

export function readText(object: JsonObject, key: string): string | undefined {
  const value = readKey(object, key);
  if (value === undefined || value === '') return undefined;
  if (typeof value !== 'string') throw wrongType(key, 'a string');
  return value;
}

export function readFlag(object: JsonObject, key: string): boolean | undefined {
  const value = readKey(object, key);
  if (value !== undefined && typeof value !== 'boolean') throw wrongType(key, 'true or false');
  return value;
}

/** A whole number; 0 counts as absent, as the reference plugins write it. */
export function readCount(object: JsonObject, key: string): number | undefined {
  const value = readKey(object, key);
  if (value === undefined || value === 0) return undefined;
  if (typeof value !== 'number' || !Number.isInteger(value) || value < 0) throw wrongType(key, 'a whole number');
  return value;
}

export function readObject(object: JsonObject, key: string): JsonObject | undefined {
  const value = readKey(object, key);
  if (value === undefined) return undefined;
  if (!isJsonObject(value)) throw wrongType(key, 'an object');
  return value;
}

export function readList(object: JsonObject, key: string): readonly JsonValue[] | undefined {
  const value = readKey(object, key);
  if (value === undefined) return undefined;
  if (!Array.isArray(value)) throw wrongType(key, 'a list');
  return value;
}

/** Every element an object. */
export function readObjects(object: JsonObject, key: string): readonly JsonObject[] | undefined {
  return readList(object, key)?.map((element) => {
    if (!isJsonObject(element)) throw wrongType(`every element of ${key}`, 'an object');
    return element;
  });
}

export function isJsonObject(value: JsonValue | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
