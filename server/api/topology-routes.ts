import { createRoute, z } from '@hono/zod-openapi';
import { compareFindings, keyFindings } from '#model/findings/node-finding.ts';
import { KernelSnapshot } from '#model/kernel/kernel-snapshot.ts';
import { ClusterBody, FindingsBody, NodeBody, NodesBody } from '#model/protocol/rest.ts';
import type { Api, ApiParts } from './api-context.ts';
import { compareText } from './compare-text.ts';
import { describeAnswers } from './describe-answers.ts';
import { respondProblem } from './problem-response.ts';

const NodeParams = z.object({ node: z.string() });

/** What is: the cluster, its nodes, their kernels, and what is wrong with them. */
export function addTopologyRoutes(api: Api, { fold }: ApiParts): void {
  api.openapi(
    createRoute({ method: 'get', path: '/api/v1/cluster', responses: describeAnswers('Cluster', ClusterBody) }),
    (context) => context.json(fold.cluster()),
  );
  api.openapi(
    createRoute({ method: 'get', path: '/api/v1/nodes', responses: describeAnswers('Nodes', NodesBody) }),
    (context) =>
      context.json({ nodes: Object.values(fold.cluster().nodes).sort((a, b) => compareText(a.name, b.name)) }),
  );
  const nodeRequest = { params: NodeParams };
  api.openapi(
    createRoute({
      method: 'get',
      path: '/api/v1/nodes/{node}',
      request: nodeRequest,
      responses: describeAnswers('Node', NodeBody),
    }),
    (context) => {
      const { node } = context.req.valid('param');
      const topology = fold.node(node);
      return topology === undefined ? respondProblem(context, 'no-such-node', node) : context.json(topology);
    },
  );
  api.openapi(
    createRoute({
      method: 'get',
      path: '/api/v1/nodes/{node}/kernel',
      request: nodeRequest,
      responses: describeAnswers('KernelSnapshot', KernelSnapshot),
    }),
    (context) => {
      const { node } = context.req.valid('param');
      if (fold.node(node) === undefined) return respondProblem(context, 'no-such-node', node);
      const snapshot = fold.kernel(node);
      if (snapshot !== undefined) return context.json(snapshot);
      return respondProblem(context, 'no-kernel-state', `The agent of ${node} has not reported yet.`);
    },
  );
  addFindingRoute(api, { fold });
}

function addFindingRoute(api: Api, { fold }: Pick<ApiParts, 'fold'>): void {
  api.openapi(
    createRoute({
      method: 'get',
      path: '/api/v1/findings',
      request: { query: z.object({ node: z.string().optional() }) },
      responses: describeAnswers('Findings', FindingsBody),
    }),
    (context) => {
      const { node } = context.req.valid('query');
      if (node !== undefined && fold.node(node) === undefined) return respondProblem(context, 'no-such-node', node);
      const findings = [...fold.summaries()].flatMap((each) =>
        node === undefined || each.name === node ? Object.values(keyFindings(each.name, each.findings)) : [],
      );
      return context.json({ findings: findings.sort(compareFindings) });
    },
  );
}
