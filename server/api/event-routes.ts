import { createRoute, z } from '@hono/zod-openapi';
import { CniVerb } from '#model/cni/invocation-event.ts';
import { EventBody, EventsBody } from '#model/protocol/rest.ts';
import { listEvents } from '../access/list-events.ts';
import { restrictEvent } from '../access/restrict-invocation.ts';
import { viewerOf } from '../auth/viewer-of.ts';
import type { Api, ApiParts } from './api-context.ts';
import { describeAnswers } from './describe-answers.ts';
import { respondProblem } from './problem-response.ts';
import { At, AtQuery } from './read-at.ts';

const Time = z.iso.datetime({ offset: true });
const EventsQuery = z.object({
  node: z.string().optional(),
  /** `<namespace>/<name>` */
  pod: z.string().optional(),
  verb: CniVerb.optional(),
  outcome: z.enum(['ok', 'error']).optional(),
  from: Time.optional(),
  to: Time.optional(),
  cursor: z.string().regex(/^\d+$/, 'not a cursor of this server').optional(),
  at: At,
  limit: z.coerce.number().int().min(1).max(1_000).default(100),
});

/** What happened: CNI invocations, newest first, and each one whole. */
export function addEventRoutes(api: Api, { openView, store }: ApiParts): void {
  api.openapi(
    createRoute({
      method: 'get',
      path: '/api/v1/events',
      request: { query: EventsQuery },
      responses: describeAnswers('Events', EventsBody),
    }),
    (context) => {
      const { from, to, cursor, limit, at, ...rest } = context.req.valid('query');
      const view = openView(at, viewerOf(context).scope);
      if (!view.ok) return respondProblem(context, view.error.reason, view.error.detail);
      const filter = {
        ...rest,
        fromMs: from === undefined ? undefined : Date.parse(from),
        toMs: to === undefined ? undefined : Date.parse(to),
        beforeSeq: cursor === undefined ? undefined : Number(cursor),
        upToSeq: view.value.upToSeq,
      };
      const page = listEvents(store, { filter, limit, scope: viewerOf(context).scope });
      return context.json({ ...page, events: [...page.events] });
    },
  );
  api.openapi(
    createRoute({
      method: 'get',
      path: '/api/v1/events/{id}',
      request: { params: z.object({ id: z.string() }), query: AtQuery },
      responses: describeAnswers('Event', EventBody),
    }),
    (context) => {
      const { id } = context.req.valid('param');
      const view = openView(context.req.valid('query').at, viewerOf(context).scope);
      if (!view.ok) return respondProblem(context, view.error.reason, view.error.detail);
      const body = store.findEvent(id, view.value.upToSeq);
      const event = body && restrictEvent(body.event, body.node, viewerOf(context).scope);
      if (event === undefined) return respondProblem(context, 'no-such-event', id);
      return context.json({ ...body, event });
    },
  );
}
