import { createRoute, z } from '@hono/zod-openapi';
import { compareFindings } from '#model/findings/node-finding.ts';
import { KernelSnapshot } from '#model/kernel/kernel-snapshot.ts';
import { ClusterBody, FindingsBody, NodeBody, NodesBody } from '#model/protocol/rest.ts';
import { nameMissingRights } from '../access/name-missing-rights.ts';
import { viewerOf } from '../auth/viewer-of.ts';
import type { Api, ApiParts } from './api-context.ts';
import { compareText } from './compare-text.ts';
import { describeAnswers } from './describe-answers.ts';
import { respondProblem } from './problem-response.ts';
import { AtQuery } from './read-at.ts';

const NodeParams = z.object({ node: z.string() });

/** What is, or was: the cluster, its nodes, their kernels, and what is wrong with them. */
export function addTopologyRoutes(api: Api, parts: ApiParts): void {
  addClusterRoutes(api, parts);
  addNodeRoutes(api, parts);
  addFindingRoute(api, parts);
}

function addClusterRoutes(api: Api, { openView }: ApiParts): void {
  const request = { query: AtQuery };
  api.openapi(
    createRoute({
      method: 'get',
      path: '/api/v1/cluster',
      request,
      responses: describeAnswers('Cluster', ClusterBody),
    }),
    async (context) => {
      const view = openView(context.req.valid('query').at, viewerOf(context).scope);
      if (!view.ok) return respondProblem(context, view.error.reason, view.error.detail);
      return context.json(await view.value.cluster());
    },
  );
  api.openapi(
    createRoute({ method: 'get', path: '/api/v1/nodes', request, responses: describeAnswers('Nodes', NodesBody) }),
    async (context) => {
      const view = openView(context.req.valid('query').at, viewerOf(context).scope);
      if (!view.ok) return respondProblem(context, view.error.reason, view.error.detail);
      const { nodes } = await view.value.cluster();
      return context.json({ nodes: Object.values(nodes).sort((a, b) => compareText(a.name, b.name)) });
    },
  );
}

function addNodeRoutes(api: Api, { openView }: ApiParts): void {
  const request = { params: NodeParams, query: AtQuery };
  api.openapi(
    createRoute({
      method: 'get',
      path: '/api/v1/nodes/{node}',
      request,
      responses: describeAnswers('Node', NodeBody),
    }),
    async (context) => {
      const { node } = context.req.valid('param');
      const view = openView(context.req.valid('query').at, viewerOf(context).scope);
      if (!view.ok) return respondProblem(context, view.error.reason, view.error.detail);
      const topology = await view.value.node(node);
      return topology === undefined ? respondProblem(context, 'no-such-node', node) : context.json(topology);
    },
  );
  api.openapi(
    createRoute({
      method: 'get',
      path: '/api/v1/nodes/{node}/kernel',
      request,
      responses: describeAnswers('KernelSnapshot', KernelSnapshot),
    }),
    async (context) => {
      const { node } = context.req.valid('param');
      const view = openView(context.req.valid('query').at, viewerOf(context).scope);
      if (!view.ok) return respondProblem(context, view.error.reason, view.error.detail);
      const snapshot = await view.value.kernel(node);
      if (snapshot !== undefined) return context.json(snapshot);
      if ((await view.value.node(node)) === undefined) return respondProblem(context, 'no-such-node', node);
      const missing = nameMissingRights(viewerOf(context).scope);
      if (missing !== undefined)
        return respondProblem(context, 'forbidden', `The raw kernel state names every pod: ${missing}`);
      return respondProblem(context, 'no-kernel-state', `The agent of ${node} has not reported yet.`);
    },
  );
}

function addFindingRoute(api: Api, { openView }: ApiParts): void {
  api.openapi(
    createRoute({
      method: 'get',
      path: '/api/v1/findings',
      request: { query: AtQuery.extend({ node: z.string().optional() }) },
      responses: describeAnswers('Findings', FindingsBody),
    }),
    async (context) => {
      const { node, at } = context.req.valid('query');
      const view = openView(at, viewerOf(context).scope);
      if (!view.ok) return respondProblem(context, view.error.reason, view.error.detail);
      if (node !== undefined && (await view.value.node(node)) === undefined) {
        return respondProblem(context, 'no-such-node', node);
      }
      const findings = (await view.value.findings()).filter((each) => node === undefined || each.node === node);
      return context.json({ findings: findings.toSorted(compareFindings) });
    },
  );
}
