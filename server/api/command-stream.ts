import type { Context } from 'hono';
import { z } from 'zod';
import type { AgentPass } from '../auth/agent-door.ts';
import type { CommandDesk } from '../commands/command-desk.ts';
import type { ApiEnvironment } from './api-context.ts';
import { respondProblem } from './problem-response.ts';

const StreamQuery = z.object({ node: z.string().min(1).max(253), bootId: z.string().min(1).max(128) });

const LOOK_MS = 60_000;

/**
 * `GET /agent/v1/commands`: the stream that an agent holds open, one command a line, empty lines as heartbeat. It ends with the token
 * that it was opened with: the agent comes again with the one that kubelet has put in its place.
 */
export function answerCommandStream(context: Context<ApiEnvironment>, commands: CommandDesk): Response {
  const query = StreamQuery.safeParse({ node: context.req.query('node'), bootId: context.req.query('bootId') });
  if (!query.success) return respondProblem(context, 'invalid-request', 'Ask with ?node=<node>&bootId=<boot id>.');
  let closed: (() => void) | undefined;
  let stopWatch: (() => void) | undefined;
  const body = new ReadableStream<Uint8Array>({
    start: (controller) => {
      const encoder = new TextEncoder();
      const end = (): void => {
        stopWatch?.();
        controller.close();
      };
      const write = (line: string): void => controller.enqueue(encoder.encode(line));
      closed = commands.open({ ...query.data, write, end });
      const pass = context.get('agent');
      stopWatch = pass && watchPass(pass, () => [closed?.(), end()]);
    },
    cancel: () => {
      stopWatch?.();
      closed?.();
    },
  });
  return context.body(body, 200, { 'content-type': 'application/x-ndjson', 'cache-control': 'no-store' });
}

/** Calls `onEnd` once, when the token's time is over or the API server knows it no longer; not while that cannot be asked. */
function watchPass({ lastsMs, isGood }: AgentPass, onEnd: () => void): () => void {
  let isOver = false;
  const stop = (): void => {
    isOver = true;
    clearTimeout(timer);
    clearInterval(look);
  };
  const end = (): void => {
    if (isOver) return;
    stop();
    onEnd();
  };
  const timer = setTimeout(end, lastsMs);
  const look = setInterval(() => {
    void isGood().then((isStillGood) => {
      if (isStillGood === false) end();
    });
  }, LOOK_MS);
  return stop;
}
