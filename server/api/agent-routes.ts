import type { Context, MiddlewareHandler } from 'hono';
import { bodyLimit } from 'hono/body-limit';
import type { AgentPass } from '../auth/agent-door.ts';
import { BATCH_COMPRESSED_BYTES, readBatch } from '../collector/read-batch.ts';
import { isLoopback } from '../read-access.ts';
import type { Api, ApiEnvironment, ApiParts } from './api-context.ts';
import { answerCommandStream } from './command-stream.ts';
import { type ProblemWord, type Refusal, respondProblem, respondRefusal } from './problem-response.ts';

type Refuse = (context: Context, word: ProblemWord, detail: string) => Response;
type RefuseAgent = (context: Context, refusal: Refusal) => Response;

/** Where agents post, and listen for commands. */
export function addAgentRoutes(api: Api, parts: ApiParts): void {
  const { collector, commands, metrics } = parts;
  const refuse: Refuse = (context, word, detail) => {
    metrics.ingest.refused(word);
    return respondProblem(context, word, detail);
  };
  const refuseAgent: RefuseAgent = (context, refusal) => {
    metrics.access.refused(refusal.word);
    return respondRefusal(context, refusal);
  };
  api.use('/agent/*', makeAdmission(parts, refuseAgent));
  api.get('/agent/v1/commands', (context) => {
    // Read as `answerCommandStream` reads it: two ways to read a query might differ about one that is odd.
    const stranger = findStranger(context.get('agent'), context.req.query('node'));
    return stranger === undefined ? answerCommandStream(context, commands) : refuseAgent(context, stranger);
  });
  api.post(
    '/agent/v1/batches',
    bodyLimit({
      maxSize: BATCH_COMPRESSED_BYTES,
      onError: (context) => refuse(context, 'too-large', `More than ${BATCH_COMPRESSED_BYTES} bytes.`),
    }),
    async (context) => {
      const type = context.req.header('content-type') ?? '';
      const encoding = context.req.header('content-encoding') ?? 'identity';
      if (!type.startsWith('application/x-ndjson') || !['gzip', 'identity'].includes(encoding)) {
        return refuse(context, 'unsupported-media-type', 'Send application/x-ndjson, gzip or plain.');
      }
      const body = new Uint8Array(await context.req.arrayBuffer());
      const startedMs = performance.now();
      const batch = await readBatch(body, encoding);
      if (!batch.ok) return refuse(context, batch.error.reason, batch.error.detail);
      const stranger = findStranger(context.get('agent'), batch.value.header.node);
      if (stranger !== undefined) return refuseAgent(context, stranger);
      const receipt = await collector.accept(batch.value);
      if (!receipt.ok) return refuse(context, receipt.error.reason, receipt.error.detail);
      metrics.ingest.observeSeconds((performance.now() - startedMs) / 1000);
      return context.json(receipt.value);
    },
  );
}

/** An agent that speaks for a node that is not its own. */
const findStranger = (pass: AgentPass | undefined, node: string | undefined): Refusal | undefined =>
  pass === undefined || pass.node === node
    ? undefined
    : { word: 'other-node', detail: `The token is that of ${pass.node}, which is not ${node ?? 'no node'}.` };

/** Over the network with a token, where people log in; else from this machine only. The socket needs none. */
function makeAdmission({ gate }: ApiParts, refuse: RefuseAgent): MiddlewareHandler<ApiEnvironment> {
  return async (context, next) => {
    if (context.env.door === 'unix') return next();
    if (gate === undefined) {
      const { address } = context.env.client;
      return isLoopback(address) ? next() : respondProblem(context, 'agents-only', address);
    }
    const pass = await gate.agents.admit(context.req.header('authorization'), context.env.client.address);
    if (!pass.ok) return refuse(context, pass.error);
    context.set('agent', pass.value);
    return next();
  };
}
