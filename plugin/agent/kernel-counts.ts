import type { AgentStatus } from '#model/agent/agent-status.ts';

/** What the reading of the kernel says of itself, since the agent started; part of `agent.status`. */
export type KernelCounts = Pick<AgentStatus, 'resyncs' | 'corrections' | 'notificationOverflows' | 'interruptedDumps'>;
