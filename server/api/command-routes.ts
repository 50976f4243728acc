import { createRoute, z } from '@hono/zod-openapi';
import { CommandRequest, CommandResult } from '#model/protocol/agent-command.ts';
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
      const view = openView(undefined);
      if (!view.ok) return respondProblem(context, view.error.reason, view.error.detail);
      if ((await view.value.node(node)) === undefined) return respondProblem(context, 'no-such-node', node);
      const answer = await commands.send(node, context.req.valid('json'));
      if (answer.ok) return context.json(answer.value);
      return respondProblem(context, answer.error.reason, answer.error.detail);
    },
  );
}
