import { AgentCommand, type CommandResult } from '#model/protocol/agent-command.ts';
import type { ProbeRequest } from '#plugin/probe/probe-request.ts';
import { describeError, type WriteLog } from './write-log-line.ts';

type Answer = Omit<CommandResult, 'id'>;

/** What the agent can do for the collector. Each throws where it was tried in vain. */
export interface CommandPowers {
  /** Reads everything, sends it whole. @returns when the collector has it */
  readonly tellSnapshot: () => Promise<void>;
  /** @returns where the namespace can be entered; undefined where this node has none with the id */
  readonly findNamespace: (id: string) => string | undefined;
  readonly probe: (request: ProbeRequest) => Promise<CommandResult['probe']>;
  readonly answer: (result: CommandResult) => void;
  readonly log: WriteLog;
}

/** More at once are refused: a collector gone mad must not fill the node with processes. */
const busyLimit = 8;

/**
 * Does what the collector's commands say, each answered once: `snapshot` and `probe`, and nothing else. What is refused says
 * why. Commands run beside each other; one that comes again while it runs is not run twice.
 */
export class CommandDesk {
  readonly #powers: CommandPowers;
  readonly #running = new Set<string>();

  constructor(powers: CommandPowers) {
    this.#powers = powers;
  }

  /** @param line one line of the stream */
  async take(line: string): Promise<void> {
    const { log, answer } = this.#powers;
    const id = readId(line);
    if (id === undefined) return log('warn', 'a command without id', { line: line.slice(0, 200) });
    if (this.#running.has(id)) return;
    if (this.#running.size >= busyLimit) {
      return answer({ id, outcome: 'refused', detail: `${busyLimit} commands are running already` });
    }
    this.#running.add(id);
    try {
      const result = { id, ...(await this.#execute(line)) };
      log('info', 'command answered', { id, outcome: result.outcome, ...(result.detail && { detail: result.detail }) });
      answer(result);
    } catch (error) {
      answer({ id, outcome: 'failed', detail: describeError(error) });
    } finally {
      this.#running.delete(id);
    }
  }

  #execute(line: string): Promise<Answer> | Answer {
    const command = AgentCommand.safeParse(JSON.parse(line));
    if (!command.success) return refuse(describeMisfit(line, command.error.issues));
    switch (command.data.type) {
      case 'snapshot':
        return this.#powers.tellSnapshot().then(() => ({ outcome: 'answered' }));
      case 'probe':
        return this.#probe(command.data);
    }
  }

  async #probe(command: Extract<AgentCommand, { readonly type: 'probe' }>): Promise<Answer> {
    const { namespaceId, to, protocol, port, timeoutMs } = command;
    if (protocol !== 'icmp' && port === undefined) return refuse(`a ${protocol} probe needs a port`);
    const namespacePath = namespaceId === undefined ? undefined : this.#powers.findNamespace(namespaceId);
    if (namespaceId !== undefined && namespacePath === undefined) {
      return refuse(`no network namespace ${namespaceId} on this node`);
    }
    const namespace = namespaceId === undefined ? {} : { namespace: { id: namespaceId, path: namespacePath ?? '' } };
    const probe = await this.#powers.probe({
      ...namespace,
      to,
      protocol,
      timeoutMs,
      ...(port !== undefined && { port }),
    });
    return { outcome: 'answered', probe };
  }
}

const refuse = (detail: string): Answer => ({ outcome: 'refused', detail });

/** Whom to answer. */
function readId(line: string): string | undefined {
  try {
    const { id } = JSON.parse(line) as { readonly id?: unknown };
    return typeof id === 'string' && id !== '' ? id : undefined;
  } catch {
    return undefined;
  }
}

function describeMisfit(
  line: string,
  issues: readonly { readonly path: PropertyKey[]; readonly message: string }[],
): string {
  const { type } = JSON.parse(line) as { readonly type?: unknown };
  if (type !== 'snapshot' && type !== 'probe')
    return `no command of this agent: ${JSON.stringify(type)?.slice(0, 100)}`;
  const [issue] = issues;
  return `malformed: ${issue?.path.join('.') || 'the command'}: ${issue?.message ?? ''}`;
}
