import type { JsonObject, JsonValue } from '../../json.ts';
import { ODD_KEYS, pickOddValue } from './odd-values.ts';
import type { SeededRandom } from './seeded-random.ts';

type Place = { readonly parent: JsonObject | readonly JsonValue[]; readonly key: string };

/** Changes one place of a valid value: replaced, removed, wrapped, doubled, another type, another case of its key. */
export function mutateJson(random: SeededRandom, value: JsonObject): JsonObject {
  const copy = structuredClone(value);
  const places = listPlaces(copy);
  if (places.length === 0 || random.isTrue(0.1)) {
    setKey(copy, random.pick(ODD_KEYS), pickOddValue(random));
    return copy;
  }
  mutatePlace(random, random.pick(places));
  return copy;
}

/** Below this many levels lies only what an earlier mutation put there. */
const DEEPEST_LEVEL = 8;

function listPlaces(value: JsonValue, level = 0): readonly Place[] {
  if (typeof value !== 'object' || value === null || level > DEEPEST_LEVEL) return [];
  const parent = value as Place['parent'];
  return Object.entries(parent).flatMap(([key, child]) => [
    { parent, key },
    ...listPlaces(child as JsonValue, level + 1),
  ]);
}

function mutatePlace(random: SeededRandom, { parent, key }: Place): void {
  const value = (parent as JsonObject)[key] ?? null;
  const kind = random.index(8);
  if (kind === 0) removeKey(parent, key);
  else if (kind === 1 && Array.isArray(parent)) parent.push(structuredClone(value));
  else if (kind === 1) renameKey(parent as JsonObject, key, pickName(random, key));
  else setKey(parent, key, replaceValue(random, value, kind));
}

function pickName(random: SeededRandom, key: string): string {
  return random.isTrue(0.5) ? key.toUpperCase() : random.pick(ODD_KEYS);
}

function replaceValue(random: SeededRandom, value: JsonValue, kind: number): JsonValue {
  if (kind === 2) return [value];
  if (kind === 3) return { value };
  if (kind === 4) return typeof value === 'string' ? Number(value) || 0 : JSON.stringify(value);
  return kind === 5 && typeof value === 'boolean' ? !value : pickOddValue(random);
}

function removeKey(parent: Place['parent'], key: string): void {
  if (Array.isArray(parent)) parent.splice(Number(key), 1);
  else Reflect.deleteProperty(parent, key);
}

function renameKey(parent: JsonObject, key: string, name: string): void {
  const value = parent[key] ?? null;
  removeKey(parent, key);
  setKey(parent, name, value);
}

/** An own property also where the name is `__proto__`. */
function setKey(parent: Place['parent'], key: string, value: JsonValue): void {
  Object.defineProperty(parent, key, { value, enumerable: true, configurable: true, writable: true });
}
