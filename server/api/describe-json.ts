import { z } from 'zod';

type JsonSchema = Record<string, unknown>;

/**
 * The JSON Schema of a contract, for the OpenAPI document (3.1 speaks JSON Schema 2020-12). The `$id` makes the schema a
 * resource of its own, so that its inner references count from there. Documentation only: never used to validate.
 */
export function describeJson(name: string, schema: z.ZodType): JsonSchema {
  const { $schema: _dialect, ...described } = z.toJSONSchema(schema, { unrepresentable: 'any' });
  return { $id: `https://podwire.io/schemas/${name}`, title: name, ...described };
}
