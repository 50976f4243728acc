import type { Context, MiddlewareHandler } from 'hono';
import { bodyLimit } from 'hono/body-limit';
import { BATCH_COMPRESSED_BYTES, readBatch } from '../collector/read-batch.ts';
import type { Api, ApiParts } from './api-context.ts';
import { answerCommandStream } from './command-stream.ts';
import { type ProblemWord, respondProblem } from './problem-response.ts';

/** Where agents post. Over the unix socket or from this machine only: there are no agent credentials yet. */
export function addAgentRoutes(api: Api, { collector, commands, metrics }: ApiParts): void {
  const refuse = (context: Context, word: ProblemWord, detail: string): Response => {
    metrics.ingest.refused(word);
    return respondProblem(context, word, detail);
  };
  api.use('/agent/*', refuseRemote);
  api.get('/agent/v1/commands', (context) => answerCommandStream(context, commands));
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
      const receipt = await collector.accept(batch.value);
      if (!receipt.ok) return refuse(context, receipt.error.reason, receipt.error.detail);
      metrics.ingest.observeSeconds((performance.now() - startedMs) / 1000);
      return context.json(receipt.value);
    },
  );
}

const refuseRemote: MiddlewareHandler = async (context, next) => {
  const address = (context.env as { incoming?: { socket?: { remoteAddress?: string } } } | undefined)?.incoming?.socket
    ?.remoteAddress;
  // A unix socket has no address.
  if (address !== undefined && !/^(::ffff:)?127\.|^::1$/.test(address))
    return respondProblem(context, 'agents-only', address);
  return next();
};
