import { Problem } from '#model/protocol/problem.ts';
import { SessionBody } from '#model/protocol/session.ts';
import { fail, type Result, succeed } from '#model/result.ts';

const PATH = '/api/v1/session';

/** Why there is no session, as the collector says it; a request that came to nothing is told in the same form. */
export type SessionProblem = { readonly title: string; readonly detail?: string | undefined; readonly status: number };

/** Who is logged in. */
export const readSession = (): Promise<Result<SessionBody, SessionProblem>> => call({});

/** Trades a token for a session, whose cookie no script can read. */
export const openSession = (token: string): Promise<Result<SessionBody, SessionProblem>> =>
  call({ method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ token }) });

/** Ends the session of this browser. Rejects where it may be there still. */
export async function endSession(): Promise<void> {
  const response = await fetch(PATH, { method: 'DELETE' });
  if (!response.ok) throw new Error(`the collector answered ${response.status}`);
}

async function call(init: RequestInit): Promise<Result<SessionBody, SessionProblem>> {
  try {
    const response = await fetch(PATH, init);
    const body: unknown = await response.json().catch(() => undefined);
    const session = SessionBody.safeParse(body);
    if (response.ok && session.success) return succeed(session.data);
    const problem = Problem.safeParse(body);
    if (problem.success) return fail(problem.data);
    return fail({ title: `The collector answered ${response.status}`, status: response.status });
  } catch (cause) {
    const detail = cause instanceof Error ? cause.message : String(cause);
    return fail({ title: 'The collector cannot be reached', detail, status: 0 });
  }
}
