import type { z } from 'zod';
import { Problem } from '#model/protocol/problem.ts';
import { describeJson } from './describe-json.ts';

const problem = {
  description: 'Problem details, RFC 9457',
  content: { 'application/problem+json': { schema: describeJson('Problem', Problem) } },
};

/** What every route may answer instead of its own. */
export const PROBLEM_ANSWERS = {
  401: { ...problem, description: 'Nobody is logged in, where a login is needed' },
  403: { ...problem, description: 'A right is missing; `detail` names it' },
  default: problem,
};

/**
 * The `responses` of a route that answers one contract, or a problem. The type leaves the content out: Hono would otherwise
 * hold every handler to it, problems included, and the contract is written in zod, not in JSON Schema.
 */
export function describeAnswers(
  name: string,
  schema: z.ZodType,
  status: 200 | 201 = 200,
): Record<number, { readonly description: string }> {
  const answers = {
    [status]: { description: name, content: { 'application/json': { schema: describeJson(name, schema) } } },
    ...PROBLEM_ANSWERS,
  };
  return answers;
}
