import { z } from 'zod';

/**
 * `GET /agent/v1/commands?node=<node>&bootId=<boot id>`: NDJSON that the agent holds open, one command a line, an empty line as
 * heartbeat every 10 s. The answer comes as a `command.result` record in a batch. An agent refuses what it does not know.
 */
export const AgentCommand = z.discriminatedUnion('type', [
  /** Read everything now and send a whole snapshot. */
  z.object({ id: z.string(), type: z.literal('snapshot') }),
  /** Send one packet from a namespace of this node and tell what came back. */
  z.object({
    id: z.string(),
    type: z.literal('probe'),
    /** Absent: from the root namespace. */
    namespaceId: z.string().regex(/^\d+$/).optional(),
    to: z.union([z.ipv4(), z.ipv6()]),
    protocol: z.enum(['icmp', 'tcp', 'udp']),
    /** For tcp and udp. */
    port: z.int().min(1).max(65_535).optional(),
    timeoutMs: z.int().min(1).max(10_000),
  }),
]);
export type AgentCommand = z.infer<typeof AgentCommand>;

const [SnapshotCommand, ProbeCommand] = AgentCommand.options;

/**
 * `POST /api/v1/nodes/{node}/commands`: a command without its id, which the collector gives. Answered with the agent's
 * CommandResult, or a problem: `agent-away`, `command-refused`, `command-timeout`, `too-many-commands`.
 */
export const CommandRequest = z.discriminatedUnion('type', [
  SnapshotCommand.omit({ id: true }),
  ProbeCommand.omit({ id: true }).refine((probe) => (probe.protocol === 'icmp') === (probe.port === undefined), {
    path: ['port'],
    message: 'tcp and udp need a port, icmp has none',
  }),
]);
export type CommandRequest = z.infer<typeof CommandRequest>;

export const CommandResult = z.object({
  id: z.string(),
  /** answered: done, see `probe`. refused: not a command of this agent. failed: tried in vain. */
  outcome: z.enum(['answered', 'refused', 'failed']),
  /** In words: why it was refused or failed. */
  detail: z.string().optional(),
  probe: z
    .object({
      /** reply: the peer answered; refused: it said no (RST, port unreachable); unreachable: an ICMP error; silent: nothing came. */
      verdict: z.enum(['reply', 'refused', 'unreachable', 'silent']),
      roundTripUs: z.int().nonnegative().optional(),
      /** Who said so, where it was not the peer. */
      from: z.string().optional(),
    })
    .optional(),
});
export type CommandResult = z.infer<typeof CommandResult>;
