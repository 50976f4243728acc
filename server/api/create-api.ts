import { OpenAPIHono } from '@hono/zod-openapi';
import { HTTPException } from 'hono/http-exception';
import { ReviewUnavailable } from '../auth/access-reviews.ts';
import { isDamage } from '../store/storage-error.ts';
import { TimeGone } from '../topology/past-view.ts';
import { addAgentRoutes } from './agent-routes.ts';
import type { Api, ApiEnvironment, ApiParts } from './api-context.ts';
import { addCommandRoutes } from './command-routes.ts';
import { addEventRoutes } from './event-routes.ts';
import { addLabRoutes } from './lab-routes.ts';
import { addPodRoutes } from './pod-routes.ts';
import { respondProblem } from './problem-response.ts';
import { addSessionRoutes, guardPath } from './session-routes.ts';
import { addTopologyRoutes } from './topology-routes.ts';

/** Every route below /api and /agent, the probes and the metrics. Runs without a port: `api.request('/healthz')`. */
export function createApi(parts: ApiParts): Api {
  const api: Api = new OpenAPIHono<ApiEnvironment>({
    defaultHook: (result, context) => {
      if (result.success) return undefined;
      const issue = result.error.issues[0];
      return respondProblem(context, 'invalid-request', `${issue?.path.join('.')}: ${issue?.message}`);
    },
  });
  api.get('/healthz', (context) => context.text('ok\n'));
  api.get('/readyz', (context) => {
    parts.store.probe();
    const trouble = parts.storeTrouble();
    if (trouble !== undefined) return context.text(`the event store cannot be written: ${trouble}\n`, 503);
    return parts.isReady() ? context.text('ready\n') : context.text('starting\n', 503);
  });
  api.use('/metrics', guardPath(parts.gate, parts.metrics));
  api.get('/metrics', async (context) =>
    context.body(await parts.metrics.registry.metrics(), 200, { 'content-type': parts.metrics.registry.contentType }),
  );
  addSessionRoutes(api, parts);
  addTopologyRoutes(api, parts);
  addPodRoutes(api, parts);
  addEventRoutes(api, parts);
  addLabRoutes(api, parts);
  addCommandRoutes(api, parts);
  addAgentRoutes(api, parts);
  api.doc31('/api/v1/openapi.json', {
    openapi: '3.1.0',
    info: { title: 'Podwire', version: '1', description: 'How every pod is wired, and every CNI invocation.' },
  });
  api.notFound((context) => respondProblem(context, 'not-found', `${context.req.method} ${context.req.path}`));
  api.onError((error, context) => {
    // The framework's own: a body that is no JSON, or one that does not say that it is.
    if (error instanceof HTTPException && error.status === 400) {
      return respondProblem(context, 'invalid-request', error.message);
    }
    if (error instanceof HTTPException && error.status === 415) {
      return respondProblem(context, 'unsupported-media-type', 'Send application/json.');
    }
    if (error instanceof ReviewUnavailable) return respondProblem(context, 'review-unavailable', error.message);
    if (error instanceof TimeGone) return respondProblem(context, 'before-retention', error.message);
    if (isDamage(error)) endBy(error);
    else parts.log.error({ err: error, path: context.req.path }, 'route failed');
    return respondProblem(context, 'internal', 'See the log of this Podwire.');
  });
  return api;
}

/** As damage does that is found by a timer: `main` says it in one line and ends. The answer goes first. */
function endBy(error: Error): void {
  setImmediate(() => {
    throw error;
  });
}
