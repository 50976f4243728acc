import { createRoute } from '@hono/zod-openapi';
import type { MiddlewareHandler } from 'hono';
import { LoginRequest, SessionBody } from '#model/protocol/session.ts';
import type { Gate } from '../auth/gate.ts';
import type { Scope } from '../auth/scope.ts';
import { writeSessionCookie } from '../auth/session-cookie.ts';
import type { Session } from '../auth/sessions.ts';
import { viewerOf } from '../auth/viewer-of.ts';
import type { Api, ApiEnvironment, ApiParts } from './api-context.ts';
import { describeAnswers, PROBLEM_ANSWERS } from './describe-answers.ts';
import { respondProblem, respondRefusal } from './problem-response.ts';

const PATH = '/api/v1/session';
/** A token is a few kilobytes, and nothing else that is sent here is longer. */
const BODY_BYTES = 64 * 1024;

/** Keeps /api/ for those who are logged in, and logs them in and out. Has to be added before the routes it guards. */
export function addSessionRoutes(api: Api, parts: ApiParts): void {
  api.use('/api/*', makeGuard(parts));
  api.use('/api/*', refuseLong);
  addLogin(api, parts);
  api.openapi(
    createRoute({ method: 'get', path: PATH, responses: describeAnswers('Session', SessionBody) }),
    (context) => context.json(describeSession(viewerOf(context).scope, context.get('session'))),
  );
  api.openapi(
    createRoute({
      method: 'delete',
      path: PATH,
      responses: { 204: { description: 'Nobody is logged in any more' }, ...PROBLEM_ANSWERS },
    }),
    (context) => {
      parts.gate?.logOut(context.req.header('cookie'));
      const cookie = writeSessionCookie('', { restMs: 0, isSecure: context.env.client.isSecure });
      return context.body(null, 204, { 'set-cookie': cookie });
    },
  );
}

/** Sets `viewer` and `session`. Who logs in has neither yet, and who logs out is not asked about. */
function makeGuard({ gate, viewerFor, metrics }: ApiParts): MiddlewareHandler<ApiEnvironment> {
  return async (context, next) => {
    const { path, method } = context.req;
    if (gate === undefined || context.env.door === 'unix') {
      context.set('viewer', viewerFor(context.env.incoming.headers));
      return next();
    }
    if (path === PATH && (method === 'POST' || method === 'DELETE')) return next();
    const admitted = await gate.admit({
      authorization: context.req.header('authorization'),
      cookie: context.req.header('cookie'),
      address: context.env.client.address,
    });
    if (!admitted.ok) {
      metrics.access.refused(admitted.error.word);
      return respondRefusal(context, admitted.error);
    }
    context.set('viewer', admitted.value.viewer);
    context.set('session', admitted.value.session);
    return next();
  };
}

/** What is sent is not read before its length is known: whoever logs in is nobody yet. */
const refuseLong: MiddlewareHandler<ApiEnvironment> = async (context, next) => {
  const length = context.req.header('content-length');
  const hasBody = length !== undefined || context.req.header('transfer-encoding') !== undefined;
  if (!hasBody || Number(length) <= BODY_BYTES) return next();
  return respondProblem(context, 'too-large', `Send at most ${BODY_BYTES} bytes, with their Content-Length.`);
};

function addLogin(api: Api, { gate, metrics, log }: ApiParts): void {
  api.openapi(
    createRoute({
      method: 'post',
      path: PATH,
      request: { body: { required: true, content: { 'application/json': { schema: LoginRequest } } } },
      responses: describeAnswers('Session', SessionBody, 201),
    }),
    async (context) => {
      if (gate === undefined)
        return respondProblem(context, 'no-login', 'Whoever reaches this Podwire sees all of it.');
      const { address, isSecure } = context.env.client;
      const opened = await gate.logIn(context.req.valid('json').token.trim(), address);
      metrics.access.loggedIn(opened.ok ? 'accepted' : opened.error.word);
      if (!opened.ok) {
        // Whoever is beyond the limit is counted: nobody shall fill the log from outside.
        if (opened.error.word !== 'too-many-requests') {
          log.info({ address, problem: opened.error.word }, 'a login was refused');
        }
        metrics.access.refused(opened.error.word);
        return respondRefusal(context, opened.error);
      }
      const { id, session } = opened.value;
      // The browser forgets the cookie that it had: what it stood for would go on, known to nobody but a thief.
      gate.logOut(context.req.header('cookie'));
      log.info({ address, user: session.viewer.user }, 'logged in');
      const cookie = writeSessionCookie(id, { restMs: session.expiresAtMs - Date.now(), isSecure });
      return context.json(describeSession(session.viewer.scope, session), 201, { 'set-cookie': cookie });
    },
  );
}

function describeSession(scope: Scope, session: Session | undefined): SessionBody {
  const { namespaces, seesNodes } = scope;
  const about = { namespaces: namespaces === 'all' ? namespaces : [...namespaces], seesNodes };
  if (session === undefined) return { login: 'none', scope: about };
  const expiresAt = new Date(session.expiresAtMs).toISOString();
  return { login: 'kubernetes', user: session.viewer.user, expiresAt, scope: about };
}

/** Guards a path outside of /api/ that tells of the whole cluster: only for accounts that may `get` it by its path. */
export function guardPath(gate: Gate | undefined, metrics: ApiParts['metrics']): MiddlewareHandler<ApiEnvironment> {
  return async (context, next) => {
    if (gate === undefined || context.env.door === 'unix') return next();
    const admitted = await gate.admit({
      authorization: context.req.header('authorization'),
      cookie: context.req.header('cookie'),
      address: context.env.client.address,
    });
    const { path } = context.req;
    if (admitted.ok && (await gate.mayRead(admitted.value.session, path))) return next();
    const refusal = admitted.ok
      ? ({ word: 'not-allowed', detail: `${admitted.value.viewer.user} may not get ${path}.` } as const)
      : admitted.error;
    metrics.access.refused(refusal.word);
    return respondRefusal(context, refusal);
  };
}
