import type { Context } from 'hono';
import { z } from 'zod';
import type { CommandDesk } from '../commands/command-desk.ts';
import { respondProblem } from './problem-response.ts';

const StreamQuery = z.object({ node: z.string().min(1).max(253), bootId: z.string().min(1).max(128) });

/** `GET /agent/v1/commands`: the stream that an agent holds open, one command a line, empty lines as heartbeat. */
export function answerCommandStream(context: Context, commands: CommandDesk): Response {
  const query = StreamQuery.safeParse({ node: context.req.query('node'), bootId: context.req.query('bootId') });
  if (!query.success) return respondProblem(context, 'invalid-request', 'Ask with ?node=<node>&bootId=<boot id>.');
  let closed: (() => void) | undefined;
  const body = new ReadableStream<Uint8Array>({
    start: (controller) => {
      const encoder = new TextEncoder();
      closed = commands.open({
        ...query.data,
        write: (line) => controller.enqueue(encoder.encode(line)),
        end: () => controller.close(),
      });
    },
    cancel: () => closed?.(),
  });
  return context.body(body, 200, { 'content-type': 'application/x-ndjson', 'cache-control': 'no-store' });
}
