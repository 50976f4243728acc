import type { Context, MiddlewareHandler } from 'hono';
import { bodyLimit } from 'hono/body-limit';
import type { AgentPass } from '../auth/agent-door.ts';
import { tooMany } from '../auth/too-many.ts';
import { BatchRoom } from '../collector/batch-room.ts';
import { BATCH_COMPRESSED_BYTES, readBatch, weighBatch } from '../collector/read-batch.ts';
import { isLoopback } from '../read-access.ts';
import type { Api, ApiEnvironment, ApiParts } from './api-context.ts';
import { answerCommandStream } from './command-stream.ts';
import { type ProblemWord, type Refusal, respondProblem, respondRefusal } from './problem-response.ts';
import { UnderWay } from './under-way.ts';

/** An agent has one; it gives up after 20 s and comes again, which may be before we have noticed. */
const MOST_UNDER_WAY = 2;

type Refuse = (context: Context, word: ProblemWord, detail: string) => Response;
type RefuseAgent = (context: Context, refusal: Refusal) => Response;

/** A dozen batches of 500 invocations, and some hundred MiB of memory at most while they are read. */
const ROOM_BYTES = 16 * 2 ** 20;

/** Where agents post, and listen for commands. */
export function addAgentRoutes(api: Api, parts: ApiParts): void {
  const { collector, commands, metrics } = parts;
  const room = new BatchRoom(ROOM_BYTES);
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
  const limitBody = bodyLimit({
    maxSize: BATCH_COMPRESSED_BYTES,
    onError: (context) => refuse(context, 'too-large', `More than ${BATCH_COMPRESSED_BYTES} bytes.`),
  });
  api.post('/agent/v1/batches', makeTurnstile(refuseAgent), limitBody, async (context) => {
    const type = context.req.header('content-type') ?? '';
    const encoding = context.req.header('content-encoding') ?? 'identity';
    if (!type.startsWith('application/x-ndjson') || !['gzip', 'identity'].includes(encoding)) {
      return refuse(context, 'unsupported-media-type', 'Send application/x-ndjson, gzip or plain.');
    }
    const body = new Uint8Array(await context.req.arrayBuffer());
    const startedMs = performance.now();
    return room.hold(weighBatch(body, encoding), async () => {
      const batch = await readBatch(body, encoding);
      if (!batch.ok) return refuse(context, batch.error.reason, batch.error.detail);
      const stranger = findStranger(context.get('agent'), batch.value.header.node);
      if (stranger !== undefined) return refuseAgent(context, stranger);
      const receipt = await collector.accept(batch.value);
      if (!receipt.ok) return refuse(context, receipt.error.reason, receipt.error.detail);
      metrics.ingest.observeSeconds((performance.now() - startedMs) / 1000);
      return context.json(receipt.value);
    });
  });
}

/** What is unpacked of one node at a time: a batch of the greatest size takes a good part of the memory that the collector has. */
function makeTurnstile(refuse: RefuseAgent): MiddlewareHandler<ApiEnvironment> {
  const underWay = new UnderWay(MOST_UNDER_WAY);
  return async (context, next) => {
    const pass = context.get('agent');
    if (pass === undefined) return next();
    const leave = underWay.begin(pass.node);
    if (leave === undefined) return refuse(context, tooMany(`batches of ${pass.node} under way`, 1));
    try {
      return await next();
    } finally {
      leave();
    }
  };
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
