import type { z } from 'zod';
import { Problem } from '#model/protocol/problem.ts';
import { fail, type Result, succeed } from '#model/result.ts';
import { goToLogin } from '../session/go-to-login.ts';

/**
 * Asks the collector and checks the answer at the edge. Every failure is one line for the screen: the collector's own
 * problem details where it sent some (RFC 9457), else what happened to the request. Without a session, the login page is next.
 */
export async function fetchJson<T>(
  path: string,
  schema: z.ZodType<T>,
  init: RequestInit = {},
): Promise<Result<T, string>> {
  const response = await request(path, init);
  if (!response.ok) {
    return response;
  }
  const parsed = schema.safeParse(response.value);
  return parsed.success ? succeed(parsed.data) : fail(`${path}: the answer does not fit the contract`);
}

async function request(path: string, init: RequestInit): Promise<Result<unknown, string>> {
  try {
    const response = await fetch(path, init);
    if (response.status === 401) goToLogin();
    const text = await response.text();
    const body: unknown = text === '' ? undefined : parseText(text);
    return response.ok ? succeed(body) : fail(describeProblem(response, body));
  } catch (cause) {
    return fail(`The collector cannot be reached: ${cause instanceof Error ? cause.message : String(cause)}`);
  }
}

function parseText(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function describeProblem(response: Response, body: unknown): string {
  const problem = Problem.safeParse(body);
  return problem.success
    ? (problem.data.detail ?? problem.data.title)
    : `The collector answered ${response.status} ${response.statusText}`;
}
