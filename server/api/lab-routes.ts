import { createRoute, z } from '@hono/zod-openapi';
import type { Context } from 'hono';
import { LabBody, LabCniRequest, LabExecBody, LabExecRequest, LabPodRequest } from '#model/protocol/rest.ts';
import { seesEverything } from '../auth/scope.ts';
import { viewerOf } from '../auth/viewer-of.ts';
import type { Api, ApiEnvironment, ApiParts } from './api-context.ts';
import { describeAnswers } from './describe-answers.ts';
import { requestLab } from './lab-client.ts';
import { respondProblem } from './problem-response.ts';

const NodeParams = z.object({ node: z.string() });
const PodParams = z.object({ namespace: z.string(), name: z.string() });
const Anything = z.unknown();
const jsonBody = <T extends z.ZodType>(schema: T) => ({
  required: true,
  content: { 'application/json': { schema } },
});

type LabRequest = { readonly method: string; readonly path: string; readonly body?: unknown };
type Relay = (context: Context<ApiEnvironment>, request: LabRequest) => Promise<Response>;

/** The embedded lab through the dashboard's own origin; the lab's token never reaches the browser. */
export function addLabRoutes(api: Api, parts: ApiParts): void {
  const relay = makeRelay(parts);
  api.openapi(
    createRoute({ method: 'get', path: '/api/v1/lab', responses: describeAnswers('Lab', LabBody) }),
    (context) => relay(context, { method: 'GET', path: '/lab/v1' }),
  );
  addLabNodeRoutes(api, relay);
  addLabPodRoutes(api, relay);
}

function makeRelay(parts: ApiParts): Relay {
  return async (context, request) => {
    // The lab is its owner's toy: who may not see all of it finds none.
    const lab = seesEverything(viewerOf(context).scope) ? parts.lab() : undefined;
    if (lab === undefined) {
      return respondProblem(context, 'no-lab', 'This Podwire watches a real cluster, or the lab is off.');
    }
    const answer = await requestLab(lab, request);
    const what = `${request.method} ${request.path}`;
    if (answer === undefined) return respondProblem(context, 'lab-silent', `${what} had no answer.`);
    const text = await answer.text();
    if (answer.status === 404) return respondProblem(context, 'not-in-lab', readMessage(text) ?? what);
    if (!answer.ok) return respondProblem(context, 'lab-refused', readMessage(text) ?? `${what}: ${answer.status}`);
    return context.body(text === '' ? '{}' : text, 200, { 'content-type': 'application/json' });
  };
}

function addLabNodeRoutes(api: Api, relay: Relay): void {
  const nodePath = ({ node }: { readonly node: string }) => `/lab/v1/nodes/${encodeURIComponent(node)}`;
  api.openapi(
    createRoute({
      method: 'put',
      path: '/api/v1/lab/nodes/{node}/cni',
      request: { params: NodeParams, body: jsonBody(LabCniRequest) },
      responses: describeAnswers('LabCni', Anything),
    }),
    (context) => {
      const path = `${nodePath(context.req.valid('param'))}/cni`;
      return relay(context, { method: 'PUT', path, body: context.req.valid('json') });
    },
  );
  api.openapi(
    createRoute({
      method: 'post',
      path: '/api/v1/lab/nodes/{node}/exec',
      request: { params: NodeParams, body: jsonBody(LabExecRequest) },
      responses: describeAnswers('LabExec', LabExecBody),
    }),
    (context) => {
      const path = `${nodePath(context.req.valid('param'))}/exec`;
      return relay(context, { method: 'POST', path, body: context.req.valid('json') });
    },
  );
}

function addLabPodRoutes(api: Api, relay: Relay): void {
  const podPath = ({ namespace, name }: { readonly namespace: string; readonly name: string }) =>
    `namespaces/${encodeURIComponent(namespace)}/pods/${encodeURIComponent(name)}`;
  api.openapi(
    createRoute({
      method: 'post',
      path: '/api/v1/lab/pods',
      request: { body: jsonBody(LabPodRequest) },
      responses: describeAnswers('LabPod', Anything),
    }),
    (context) => {
      const request = context.req.valid('json');
      const path = `/api/v1/namespaces/${encodeURIComponent(request.namespace)}/pods`;
      return relay(context, { method: 'POST', path, body: writePod(request) });
    },
  );
  api.openapi(
    createRoute({
      method: 'delete',
      path: '/api/v1/lab/pods/{namespace}/{name}',
      request: { params: PodParams },
      responses: describeAnswers('LabPodDeletion', Anything),
    }),
    (context) => relay(context, { method: 'DELETE', path: `/api/v1/${podPath(context.req.valid('param'))}` }),
  );
  api.openapi(
    createRoute({
      method: 'post',
      path: '/api/v1/lab/pods/{namespace}/{name}/exec',
      request: { params: PodParams, body: jsonBody(LabExecRequest) },
      responses: describeAnswers('LabPodExec', LabExecBody),
    }),
    (context) => {
      const path = `/lab/v1/${podPath(context.req.valid('param'))}/exec`;
      return relay(context, { method: 'POST', path, body: context.req.valid('json') });
    },
  );
}

/** The Pod that a request stands for, as kubectl would send it. */
function writePod(request: LabPodRequest): unknown {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { namespace: request.namespace, name: request.name },
    spec: { nodeName: request.node, containers: [{ name: request.image, image: request.image }] },
  };
}

/** The lab's own words: `detail` of a problem, or `message` of a Kubernetes Status. */
function readMessage(text: string): string | undefined {
  try {
    const body = JSON.parse(text) as { detail?: unknown; message?: unknown };
    const said = body.detail ?? body.message;
    return typeof said === 'string' ? said : undefined;
  } catch {
    return undefined;
  }
}
