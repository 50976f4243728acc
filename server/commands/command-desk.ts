import type { AgentCommand, CommandRequest, CommandResult } from '#model/protocol/agent-command.ts';
import { fail, type Result, succeed } from '#model/result.ts';

export type CommandFailure = {
  readonly reason: 'agent-away' | 'command-refused' | 'command-timeout' | 'too-many-commands';
  readonly detail: string;
};

/** An agent's open stream: where its lines go, and how it is ended. */
export type CommandStream = {
  readonly node: string;
  readonly bootId: string;
  readonly write: (line: string) => void;
  readonly end: () => void;
};

type Waiting = {
  readonly node: string;
  readonly bootId: string;
  readonly settle: (result: Result<CommandResult, CommandFailure>) => void;
};

/** Reading a node with 250 pods takes a fraction of a second; the rest is for a busy machine and a slow line. */
export const ANSWER_WITHIN_MS = 20_000;
export const HEARTBEAT_MS = 10_000;
/** A stream that was cut is opened again at once: an agent that has not by then is gone, and its commands with it. */
const RETURN_WITHIN_MS = 3_000;
/** For one node: so many commands without an answer, and so many in so long. */
const MOST_WAITING = 4;
const MOST_IN_WINDOW = 20;
const WINDOW_MS = 10_000;

/** Hands commands to the agents that listen, one stream for each node, and their results back to who asked. */
export class CommandDesk {
  readonly #streams = new Map<string, CommandStream>();
  readonly #waiting = new Map<string, Waiting>();
  readonly #sentMs = new Map<string, number[]>();
  readonly #createId: () => string;
  readonly #answerWithinMs: number;
  readonly #heartbeat: NodeJS.Timeout;

  constructor(parts: { readonly createId: () => string; readonly answerWithinMs?: number }) {
    this.#createId = parts.createId;
    this.#answerWithinMs = parts.answerWithinMs ?? ANSWER_WITHIN_MS;
    this.#heartbeat = setInterval(() => {
      for (const stream of this.#streams.values()) stream.write('\n');
    }, HEARTBEAT_MS);
  }

  /** Nodes whose agent listens. */
  get size(): number {
    return this.#streams.size;
  }

  /** A newer stream of a node ends the older one. The function returned is to be called when the stream has ended. */
  open(stream: CommandStream): () => void {
    const older = this.#streams.get(stream.node);
    this.#streams.set(stream.node, stream);
    older?.end();
    if (older !== undefined && older.bootId !== stream.bootId) this.#abandon(older);
    // The first heartbeat: the agent sees at once that it is heard.
    stream.write('\n');
    return () => {
      if (this.#streams.get(stream.node) !== stream) return;
      this.#streams.delete(stream.node);
      this.#awaitReturn(stream);
    };
  }

  /** Resolves with the agent's own words, `failed` among them; what came to nothing is a failure. Never rejects. */
  async send(node: string, request: CommandRequest): Promise<Result<CommandResult, CommandFailure>> {
    const stream = this.#streams.get(node);
    if (stream === undefined) {
      const detail = `The agent of ${node} does not listen. It connects by itself once it runs: podwire agent.`;
      return fail({ reason: 'agent-away', detail });
    }
    const excess = this.#countSent(node);
    if (excess !== undefined) return fail({ reason: 'too-many-commands', detail: excess });
    const command: AgentCommand = { id: this.#createId(), ...request };
    const withinMs = this.#answerWithinMs + (command.type === 'probe' ? command.timeoutMs : 0);
    const answer = Promise.withResolvers<Result<CommandResult, CommandFailure>>();
    const detail = `${node} has taken the command and not answered for ${Math.round(withinMs / 1000)} s.`;
    const timer = setTimeout(() => answer.resolve(fail({ reason: 'command-timeout', detail })), withinMs);
    this.#waiting.set(command.id, { node, bootId: stream.bootId, settle: answer.resolve });
    stream.write(`${JSON.stringify(command)}\n`);
    const result = await answer.promise;
    clearTimeout(timer);
    this.#waiting.delete(command.id);
    return result;
  }

  /** A result that came in a batch. One that nobody waits for, or of another node, is of no use to anyone. */
  readonly hear = (node: string, result: CommandResult): void => {
    const waiting = this.#waiting.get(result.id);
    if (waiting === undefined || waiting.node !== node) return;
    if (result.outcome === 'refused') {
      waiting.settle(fail({ reason: 'command-refused', detail: result.detail ?? `${node} does not do that.` }));
    } else waiting.settle(succeed(result));
  };

  close(): void {
    clearInterval(this.#heartbeat);
    for (const stream of this.#streams.values()) {
      stream.end();
      this.#abandon(stream);
    }
    this.#streams.clear();
  }

  /** Nobody is kept waiting for an agent that went: only where it comes back soon it may still answer. */
  #awaitReturn(stream: CommandStream): void {
    if (![...this.#waiting.values()].some(({ node }) => node === stream.node)) return;
    setTimeout(() => {
      if (this.#streams.get(stream.node)?.bootId !== stream.bootId) this.#abandon(stream);
    }, RETURN_WITHIN_MS).unref();
  }

  /** What an agent of an earlier boot has taken, nobody will answer. */
  #abandon({ node, bootId }: CommandStream): void {
    const detail = `The agent of ${node} went away before it answered.`;
    for (const waiting of this.#waiting.values()) {
      if (waiting.node === node && waiting.bootId === bootId) waiting.settle(fail({ reason: 'agent-away', detail }));
    }
  }

  /** Why one more is too many, in words. */
  #countSent(node: string): string | undefined {
    const waiting = [...this.#waiting.values()].filter((each) => each.node === node).length;
    if (waiting >= MOST_WAITING) return `${node} has ${waiting} commands to answer. Wait for one of them.`;
    const nowMs = performance.now();
    const recent = (this.#sentMs.get(node) ?? []).filter((sentMs) => sentMs > nowMs - WINDOW_MS);
    this.#sentMs.set(node, recent);
    if (recent.length >= MOST_IN_WINDOW) return `${node} had ${recent.length} commands within 10 s. Ask again later.`;
    recent.push(nowMs);
    return undefined;
  }
}
