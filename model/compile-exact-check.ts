import type { z } from 'zod';

/** True only for values that the schema takes and gives back as they are; false may still be valid, ask the schema. */
export type ExactCheck = (value: unknown) => boolean;
type Check = (value: unknown, depth: number) => boolean;

/** The parts of zod's own description of a schema that are read here: zod/v4/core `$ZodTypeDef`. */
type Definition = {
  readonly type: string;
  readonly checks?: readonly { readonly _zod: { readonly def: CheckDefinition } }[];
  readonly format?: string;
  readonly shape?: Readonly<Record<string, z.ZodType>>;
  readonly catchall?: unknown;
  readonly element?: z.ZodType;
  readonly innerType?: z.ZodType;
  readonly keyType?: z.ZodType;
  readonly valueType?: z.ZodType;
  readonly options?: readonly z.ZodType[];
  readonly discriminator?: string;
  readonly values?: readonly unknown[];
  readonly entries?: Readonly<Record<string, unknown>>;
  readonly getter?: () => z.ZodType;
};
type CheckDefinition = {
  readonly check: string;
  readonly format?: string;
  readonly pattern?: RegExp;
  readonly value?: number;
  readonly inclusive?: boolean;
  readonly minimum?: number;
};

/** Deeper values are left to the schema, which has its own bound. */
const DEEPEST = 64;
const never: Check = () => false;

/**
 * Turns a schema into a plain function that says yes to a value of JSON.parse only where `schema.parse` would give back an
 * equal one: nothing unknown in it, nothing to be changed. It costs a tenth of the schema's own work, which still judges, and
 * explains, whatever is not taken here. A kind of schema that it does not know is never taken.
 */
export function compileExactCheck(schema: z.ZodType): ExactCheck {
  const check = new Compiler().compile(schema);
  return (value) => check(value, 0);
}

class Compiler {
  readonly #compiled = new Map<z.ZodType, Check>();

  compile(schema: z.ZodType): Check {
    const known = this.#compiled.get(schema);
    if (known !== undefined) return known;
    // A schema may hold itself: what is asked for meanwhile looks up the finished one.
    let finished: Check | undefined;
    this.#compiled.set(schema, (value, depth) => finished?.(value, depth) ?? false);
    finished = this.#make((schema as unknown as { readonly _zod: { readonly def: Definition } })._zod.def);
    this.#compiled.set(schema, finished);
    return finished;
  }

  #make(def: Definition): Check {
    if (def.type === 'string') return makeString(def);
    if (def.type === 'number') return makeNumber(def);
    if ((def.checks ?? []).length > 0) return never;
    switch (def.type) {
      case 'boolean':
        return (value) => typeof value === 'boolean';
      case 'null':
        return (value) => value === null;
      case 'literal':
        return makeOneOf(def.values ?? []);
      case 'enum':
        return makeOneOf(Object.values(def.entries ?? {}));
      case 'object':
        return def.shape === undefined || def.catchall !== undefined ? never : this.#makeObject(def.shape);
      case 'array':
        return this.#makeArray(def);
      case 'record':
        return this.#makeRecord(def);
      case 'optional':
        return def.innerType === undefined ? never : this.compile(def.innerType);
      case 'union':
        return this.#makeUnion(def);
      case 'lazy':
        return def.getter === undefined ? never : this.#makeLazy(def.getter);
      default:
        return never;
    }
  }

  #makeObject(shape: Readonly<Record<string, z.ZodType>>): Check {
    const fields = new Map(Object.entries(shape).map(([key, schema]) => [key, this.compile(schema)]));
    const required = Object.entries(shape).filter(([, schema]) => typeOf(schema) !== 'optional').length;
    const isRequired = new Set(
      Object.entries(shape).flatMap(([key, each]) => (typeOf(each) === 'optional' ? [] : [key])),
    );
    return (value, depth) => {
      if (!isPlainObject(value) || depth > DEEPEST) return false;
      let count = 0;
      for (const key in value) {
        const check = fields.get(key);
        if (check === undefined || !check(value[key], depth + 1)) return false;
        if (isRequired.has(key)) count += 1;
      }
      return count === required;
    };
  }

  #makeArray({ element }: Definition): Check {
    if (element === undefined) return never;
    const check = this.compile(element);
    return (value, depth) => {
      if (!Array.isArray(value) || depth > DEEPEST) return false;
      for (const each of value) if (!check(each, depth + 1)) return false;
      return true;
    };
  }

  #makeRecord({ keyType, valueType }: Definition): Check {
    if (keyType === undefined || valueType === undefined) return never;
    const [checkKey, check] = [this.compile(keyType), this.compile(valueType)];
    return (value, depth) => {
      if (!isPlainObject(value) || depth > DEEPEST) return false;
      for (const key in value) {
        // zod leaves this key out, to keep prototypes alone.
        if (key === '__proto__' || !checkKey(key, depth) || !check(value[key], depth + 1)) return false;
      }
      return true;
    };
  }

  #makeUnion({ options = [], discriminator }: Definition): Check {
    const checks = options.map((option) => this.compile(option));
    if (discriminator === undefined) return (value, depth) => checks.some((check) => check(value, depth));
    const byTag = new Map<unknown, Check>();
    for (const [place, option] of options.entries()) {
      const tag = definitionOf(option).shape?.[discriminator];
      for (const value of tag === undefined ? [] : (definitionOf(tag).values ?? []))
        byTag.set(value, checks[place] ?? never);
    }
    return (value, depth) => isPlainObject(value) && (byTag.get(value[discriminator])?.(value, depth) ?? false);
  }

  #makeLazy(getter: () => z.ZodType): Check {
    let check: Check | undefined;
    return (value, depth) => {
      check ??= this.compile(getter());
      return check(value, depth);
    };
  }
}

const definitionOf = (schema: z.ZodType): Definition =>
  (schema as unknown as { readonly _zod: { readonly def: Definition } })._zod.def;
const typeOf = (schema: z.ZodType): string => definitionOf(schema).type;

const isPlainObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

function makeOneOf(values: readonly unknown[]): Check {
  const known = new Set(values);
  return (value) => known.has(value);
}

function makeString(def: Definition): Check {
  if (def.format !== undefined) return never;
  const checks: ((value: string) => boolean)[] = [];
  for (const { _zod } of def.checks ?? []) {
    const { check, format, pattern, minimum } = _zod.def;
    if (
      check === 'string_format' &&
      format === 'regex' &&
      pattern !== undefined &&
      !pattern.global &&
      !pattern.sticky
    ) {
      checks.push((value) => pattern.test(value));
    } else if (check === 'min_length' && minimum !== undefined) {
      checks.push((value) => value.length >= minimum);
    } else {
      return never;
    }
  }
  if (checks.length === 0) return (value) => typeof value === 'string';
  return (value) => typeof value === 'string' && checks.every((check) => check(value));
}

function makeNumber(def: Definition): Check {
  if (def.format !== undefined && def.format !== 'safeint') return never;
  const isKind = def.format === 'safeint' ? Number.isSafeInteger : Number.isFinite;
  let check: Check = (value) => isKind(value as number);
  for (const { _zod } of def.checks ?? []) {
    const { check: kind, value: bound, inclusive } = _zod.def;
    if (kind !== 'greater_than' || typeof bound !== 'number') return never;
    const before = check;
    check = (value, depth) =>
      before(value, depth) && (inclusive === true ? (value as number) >= bound : (value as number) > bound);
  }
  return check;
}
