import { z } from 'zod';

/** RFC 9457 problem details, the body of every error, `application/problem+json`. */
export const Problem = z.object({
  /** `https://podwire.io/problems/<word>`; stable, to be switched on. */
  type: z.string(),
  title: z.string(),
  status: z.int(),
  /** What happened to which object, and the remedy. */
  detail: z.string().optional(),
  instance: z.string().optional(),
});
export type Problem = z.infer<typeof Problem>;
