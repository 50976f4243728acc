import { z } from '@hono/zod-openapi';

/** `at` of every read: the state as it was then, RFC 3339. Absent, or not yet come: as it is. */
export const At = z.iso.datetime({ offset: true }).optional();
export const AtQuery = z.object({ at: At });
