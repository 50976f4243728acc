import type { Context } from 'hono';
import type { ContentfulStatusCode } from 'hono/utils/http-status';
import type { Problem } from '#model/protocol/problem.ts';

/** Every error that a route can answer: the stable word and its title. */
const PROBLEMS = {
  'not-found': { status: 404, title: 'No such route' },
  'no-such-node': { status: 404, title: 'No such node' },
  'no-such-pod': { status: 404, title: 'No such pod' },
  'no-such-event': { status: 404, title: 'No such event' },
  'no-kernel-state': { status: 404, title: 'No kernel state' },
  'not-in-lab': { status: 404, title: 'The lab has no such object' },
  'no-lab': { status: 404, title: 'No lab runs here' },
  'method-not-allowed': { status: 405, title: 'Not a method of this path' },
  'invalid-request': { status: 400, title: 'The request is not valid' },
  'before-retention': { status: 410, title: 'The time is before what is kept' },
  'malformed-batch': { status: 422, title: 'The batch is not valid' },
  'unsupported-protocol': { status: 422, title: 'The protocol is not supported' },
  'unsupported-media-type': { status: 415, title: 'The content type is not supported' },
  'too-large': { status: 413, title: 'The body is too large' },
  'foreign-host': { status: 403, title: 'The Host header names another machine' },
  'foreign-origin': { status: 403, title: 'The request comes from another site' },
  forbidden: { status: 403, title: 'A right is missing' },
  'agents-only': { status: 403, title: 'For agents on this machine only' },
  'no-token': { status: 401, title: 'A token is needed' },
  'token-refused': { status: 401, title: 'The token is not accepted' },
  'token-expired': { status: 401, title: 'The token has expired' },
  'wrong-audience': { status: 401, title: 'The token is for another audience' },
  'not-the-agent': { status: 403, title: 'The token is not an agent’s' },
  'other-node': { status: 403, title: 'The token is another node’s' },
  'no-login': { status: 404, title: 'Nobody logs in here' },
  'no-session': { status: 401, title: 'Nobody is logged in' },
  'not-allowed': { status: 403, title: 'Your account may not do this' },
  'too-many-requests': { status: 429, title: 'Too many requests' },
  'review-unavailable': { status: 503, title: 'The Kubernetes API does not answer' },
  'lab-refused': { status: 409, title: 'The lab refused' },
  'lab-silent': { status: 502, title: 'The lab does not answer' },
  'command-refused': { status: 409, title: 'The agent refused the command' },
  'too-many-commands': { status: 429, title: 'Too many commands for this node' },
  'too-many-browsers': { status: 503, title: 'Too many live connections' },
  'agent-away': { status: 503, title: 'No agent listens for commands' },
  'command-timeout': { status: 504, title: 'The agent did not answer in time' },
  'storage-full': { status: 507, title: 'The event store cannot be written' },
  internal: { status: 500, title: 'Podwire failed' },
} as const satisfies Record<string, { status: ContentfulStatusCode; title: string }>;

const LONGEST_WORDS = 600;

export type ProblemWord = keyof typeof PROBLEMS;

/** Why somebody may not, as a problem document says it. Nothing of a token is in it. */
export type Refusal = { readonly word: ProblemWord; readonly detail: string; readonly retryAfterS?: number };

/** The RFC 9457 body of a problem. `detail` names the object and, where there is one, the remedy. */
export function buildProblem(word: ProblemWord, detail?: string): Problem {
  const { status, title } = PROBLEMS[word];
  return {
    type: `https://podwire.io/problems/${word}`,
    title,
    status,
    ...(detail !== undefined && { detail: shorten(detail) }),
  };
}

/** A problem must not be as long as what it is about: both may come from whoever asked. */
const shorten = (text: string): string =>
  text.length <= LONGEST_WORDS ? text : `${text.slice(0, LONGEST_WORDS).toWellFormed()}…`;

/** Answers with a problem. */
export function respondProblem(context: Context, word: ProblemWord, detail?: string): Response {
  const problem = { ...buildProblem(word, detail), instance: shorten(context.req.path) };
  return context.body(JSON.stringify(problem), PROBLEMS[word].status, headersOf(problem));
}

/** Answers that somebody may not. */
export function respondRefusal(context: Context, { word, detail, retryAfterS }: Refusal): Response {
  if (retryAfterS !== undefined) context.header('retry-after', String(retryAfterS));
  return respondProblem(context, word, detail);
}

/** RFC 9110 section 11.6.1 wants a challenge with every 401. */
export const headersOf = ({ status }: Problem): Record<string, string> => ({
  'content-type': 'application/problem+json',
  ...(status === 401 && { 'www-authenticate': 'Bearer realm="podwire"' }),
});
