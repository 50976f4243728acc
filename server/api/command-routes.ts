import { createRoute, z } from '@hono/zod-openapi';
import { CommandRequest, CommandResult } from '#model/protocol/agent-command.ts';
import { namespaceOf } from '#model/topology/invocation-owner.ts';
import type { NodeTopology } from '#model/topology/topology.ts';
import { nameTraceRight } from '../access/name-missing-rights.ts';
import { viewerOf } from '../auth/viewer-of.ts';
import type { Api, ApiParts } from './api-context.ts';
import { describeAnswers } from './describe-answers.ts';
import { respondProblem } from './problem-response.ts';

/** What a person may ask of a node's agent. */
export function addCommandRoutes(api: Api, { commands, openView }: ApiParts): void {
  api.openapi(
    createRoute({
      method: 'post',
      path: '/api/v1/nodes/{node}/commands',
      request: {
        params: z.object({ node: z.string() }),
        body: { required: true, content: { 'application/json': { schema: CommandRequest } } },
      },
      responses: describeAnswers('CommandResult', CommandResult),
    }),
    async (context) => {
      const { node } = context.req.valid('param');
      const viewer = viewerOf(context);
      const view = openView(undefined, viewer.scope);
      if (!view.ok) return respondProblem(context, view.error.reason, view.error.detail);
      const topology = await view.value.node(node);
      if (topology === undefined) return respondProblem(context, 'no-such-node', node);
      const command = context.req.valid('json');
      const target = findTarget(topology, command);
      if (!(await viewer.mayTrace(target))) return respondProblem(context, 'forbidden', nameTraceRight(target));
      const answer = await commands.send(node, command);
      if (answer.ok) return context.json(answer.value);
      return respondProblem(context, answer.error.reason, answer.error.detail);
    },
  );
}

/** The namespace of the pod that a command goes to; `''` for the node itself, and for what is no seen pod's. */
function findTarget(topology: NodeTopology, command: CommandRequest): string {
  if (command.type !== 'probe' || command.namespaceId === undefined) return '';
  const pod = topology.namespaces[command.namespaceId]?.pod;
  return pod === undefined ? '' : namespaceOf(pod);
}
