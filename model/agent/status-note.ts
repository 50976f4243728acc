import { z } from 'zod';
import { CniError } from '../cni/invocation-event.ts';

/**
 * What the plugin leaves on its node of the runtime's STATUS, which is asked every few seconds and journalled only where it
 * fails: the last answer, and since when it is the same. RFC 3339 throughout.
 */
export const StatusNote = z.object({
  lastAskedAt: z.string(),
  /** Of the first of these answers, which are all alike. */
  since: z.string(),
  network: z.string().optional(),
  /** Absent where the network is ready. */
  error: CniError.pick({ code: true, msg: true }).optional(),
  /** Of the newest of these failures that has a line in the journal. */
  journalledAt: z.string().optional(),
  /** These failures since then: they have no line of their own. */
  unjournalled: z.int().nonnegative(),
});
export type StatusNote = z.infer<typeof StatusNote>;

/** The same as the agent tells it. */
export const RuntimeStatus = StatusNote.pick({ lastAskedAt: true, since: true, network: true, error: true }).extend({
  /** Whether the runtime still asks: it did within the last half minute. `lastAskedAt` is as of the report. */
  isAsked: z.boolean(),
});
export type RuntimeStatus = z.infer<typeof RuntimeStatus>;
