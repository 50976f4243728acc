import type { AgentStatus } from '../agent/agent-status.ts';
import type { AgentState } from '../topology/topology.ts';
import type { LogEntry } from './log-entry.ts';

/** An agent that was not heard for this long is stale. */
export const AGENT_SILENCE_MS = 10_000;

/** Where an agent's kernel reading stands, without the reading. */
export type KernelHead = {
  readonly bootId: string;
  readonly sequence: number;
  readonly time: string;
  /** True where a delta could not be put on it: what changed since is not known, only a snapshot helps. */
  readonly isBroken: boolean;
};

/** All that a log tells of an agent, but for the records of the kernel. */
export type AgentFacts = {
  readonly heard?: { readonly seq: number; readonly ms: number };
  readonly bootId?: string;
  readonly version?: string;
  readonly kernel?: KernelHead;
  readonly lagMs?: number;
  readonly status?: AgentStatus;
};

/** The facts after one more entry of the node's stream; entries of the cluster change nothing. */
export function foldAgent(facts: AgentFacts, entry: LogEntry): AgentFacts {
  const { body } = entry;
  const heard = { ...facts, heard: { seq: entry.seq, ms: entry.receivedMs } };
  switch (body.type) {
    case 'agent.hello':
      return { ...heard, bootId: body.bootId, version: body.version };
    case 'kernel.snapshot': {
      const { bootId, sequence, time } = body.snapshot;
      return { ...heard, kernel: { bootId, sequence, time, isBroken: false }, lagMs: lagOf(entry, time) };
    }
    case 'kernel.delta': {
      const { kernel } = facts;
      if (kernel === undefined || kernel.isBroken) return heard;
      const { bootId, sequence, time } = body.delta;
      if (bootId !== kernel.bootId || sequence !== kernel.sequence + 1) return breakKernel(heard);
      return { ...heard, kernel: { bootId, sequence, time, isBroken: false }, lagMs: lagOf(entry, time) };
    }
    case 'agent.status':
      return { ...heard, status: body.status };
    case 'invocation':
    case 'journal.problem':
    case 'agent.findings':
    case 'drift':
    case 'command.result':
      return heard;
    case 'node.forgotten':
      return {};
    default:
      return facts;
  }
}

/** The facts once a delta did not fit what is held. */
export function breakKernel(facts: AgentFacts): AgentFacts {
  return facts.kernel === undefined ? facts : { ...facts, kernel: { ...facts.kernel, isBroken: true } };
}

/** True where deltas of this boot have nothing to stand on. */
export const needsSnapshot = ({ kernel }: AgentFacts, bootId: string): boolean =>
  kernel === undefined || kernel.isBroken || kernel.bootId !== bootId;

/** The agent as it was at a time, `startedSeq` being the newest start of a collector up to then. */
export function describeAgent(facts: AgentFacts, atMs: number, startedSeq: number): AgentState {
  const { heard, kernel, version, lagMs, status } = facts;
  if (heard === undefined) return { state: 'never' };
  const isLive =
    atMs - heard.ms < AGENT_SILENCE_MS && heard.seq > startedSeq && kernel !== undefined && !kernel.isBroken;
  return {
    state: isLive ? 'live' : 'stale',
    lastSeen: new Date(heard.ms).toISOString(),
    ...(version !== undefined && { version }),
    ...(kernel !== undefined && { kernelTime: kernel.time }),
    ...(lagMs !== undefined && { lagMs }),
    ...(status !== undefined && { status }),
  };
}

/** Absent where the agent's time is none. */
const lagOf = (entry: LogEntry, time: string): number => Math.max(0, entry.receivedMs - (Date.parse(time) || 0));
