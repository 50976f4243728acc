import { z } from 'zod';
import { RuntimeStatus } from './status-note.ts';

const Count = z.int().nonnegative();

/**
 * What an agent says of itself, as counts since it started: what it read, what it had to correct, what it could not keep.
 * Sent when something of it has changed, every 30 s at most often, and once at the start.
 */
export const AgentStatus = z.object({
  /** Full readings of the kernel. */
  resyncs: Count,
  /** Records that a full reading found different from what notifications had told. */
  corrections: Count,
  /** Times that the kernel's notification buffer ran over; each led to a full reading. */
  notificationOverflows: Count,
  /** Dumps that the kernel interrupted and that were read again. */
  interruptedDumps: Count,
  /** Kernel changes that were folded into one because the collector did not listen: states in between that nobody will see. */
  foldedChanges: Count,
  /** Drifts that went because too many waited for the collector. */
  droppedDrifts: Count,
  /** Records beside journal and kernel (drifts, findings, answers, this) that the collector refused for good. Absent from older agents. */
  refusedReports: Count.optional(),
  journal: z.object({
    /** Lines acknowledged by the collector. */
    shippedLines: Count,
    /** Lines that were torn or not ours. */
    unreadableLines: Count,
    /** Lines that the collector refused for good. */
    refusedLines: Count,
    /** Lines that went because the journal reached its greatest size unshipped, or that no disk took; kept over restarts. */
    droppedLines: Count,
    /** Not acknowledged yet, as of now. */
    waitingBytes: Count,
  }),
  /** What the runtime is told when it asks for STATUS; absent where it has not asked since the node started. */
  runtimeStatus: RuntimeStatus.optional(),
  /** Memory of the agent, as of now. */
  rssBytes: Count,
});
export type AgentStatus = z.infer<typeof AgentStatus>;
