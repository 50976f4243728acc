import { z } from 'zod';

/** Something that is wrong now, with what shows it and what mends it. */
export const Finding = z.object({
  /** Stable for as long as the same thing is wrong: `<rule>/<object>`. */
  id: z.string(),
  /** The rule that found it, a file of `model/findings/` or of the agent: `node-not-on-link`. */
  rule: z.string(),
  severity: z.enum(['error', 'warning', 'notice']),
  /** One sentence: what is wrong with which object. */
  title: z.string(),
  /** The records or words that show it. */
  evidence: z.array(z.string()),
  /** What to do, a command where there is one. */
  remedy: z.string().optional(),
  /** The object in the kernel or the cluster, `route 10.240.1.0/24`. */
  object: z.string().optional(),
  /** RFC 3339 */
  since: z.string(),
});
export type Finding = z.infer<typeof Finding>;
