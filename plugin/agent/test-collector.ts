import { rmSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { setTimeout as wait } from 'node:timers/promises';
import { gunzipSync } from 'node:zlib';
import type { AgentStatus } from '#model/agent/agent-status.ts';
import { BatchHeader, BatchRecord } from '#model/protocol/agent-batch.ts';
import type { CommandResult } from '#model/protocol/agent-command.ts';

export interface ReceivedBatch {
  readonly header: BatchHeader;
  readonly records: readonly BatchRecord[];
}

/**
 * How the collector treats the next batches. `silent` reads them and never answers: the agent cannot know what became of
 * them. `crash-after-storing` keeps them and cuts the connection, as one that is killed between the two.
 */
export type Behaviour =
  | 'accept'
  | 'ask-for-snapshot'
  | 'unavailable'
  | 'disk-full'
  | 'refuse-invocations'
  | 'silent'
  | 'crash-after-storing';

/**
 * The smallest real receiver of batches: HTTP on a Unix socket, contract checked, everything kept.
 * It stands for the collector where a test needs a collector that misbehaves on purpose.
 */
export class TestCollector {
  behaviour: Behaviour = 'accept';
  /** Stored ones only; repetitions under the same number once. */
  readonly batches: ReceivedBatch[] = [];
  readonly unanswered: ReceivedBatch[] = [];
  /** Numbers under which other bytes came the second time. */
  readonly violations: string[] = [];
  /** Invocations and answers to commands that are refused for good, by id. */
  readonly refusedIds = new Set<string>();
  /** Query strings of the streams of commands that agents have opened. */
  readonly commandQueries: string[] = [];
  /** Authorization headers of all requests. */
  readonly authorizations: (string | undefined)[] = [];
  /** The only token that is good; absent: none is needed. */
  token: string | undefined;
  readonly #bodies = new Map<string, Buffer>();
  readonly #socketPath: string;
  readonly #streams = new Set<ServerResponse>();
  #server: Server;

  constructor(socketPath: string) {
    this.#socketPath = socketPath;
    this.#server = this.#listen();
  }

  get records(): BatchRecord[] {
    return this.batches.flatMap(({ records }) => records);
  }

  get eventIds(): string[] {
    return this.records.flatMap((record) => (record.type === 'invocation' ? [record.event.id] : []));
  }

  get commandResults(): CommandResult[] {
    return this.records.flatMap((record) => (record.type === 'command.result' ? [record.result] : []));
  }

  get lastStatus(): AgentStatus | undefined {
    return this.records.flatMap((record) => (record.type === 'agent.status' ? [record.status] : [])).at(-1);
  }

  /** Whether an agent listens to commands now. */
  get hasListener(): boolean {
    return this.#streams.size > 0;
  }

  /** @param command an object, or a line as it is */
  give(command: object | string): void {
    const line = typeof command === 'string' ? command : JSON.stringify(command);
    for (const stream of this.#streams) stream.write(`${line}\n`);
  }

  /** @returns the answer to a command */
  async ask(command: { readonly id: string } & Record<string, unknown>): Promise<CommandResult> {
    await this.until(() => this.hasListener);
    this.give(command);
    const find = () => this.commandResults.find(({ id }) => id === command.id);
    await this.until(() => find() !== undefined);
    return find() as CommandResult;
  }

  /** Waits until a condition holds. The caller's own time limit ends a wait that is in vain. */
  async until(holds: () => boolean): Promise<void> {
    while (!holds()) await wait(20);
  }

  /** Cuts every connection where it is, as a kill does. What was stored stays. */
  async crash(): Promise<void> {
    const ended = new Promise((resolve) => this.#server.close(resolve));
    this.#server.closeAllConnections();
    await ended;
  }

  restart(): void {
    this.#server = this.#listen();
  }

  async close(): Promise<void> {
    await this.crash();
  }

  #listen(): Server {
    rmSync(this.#socketPath, { force: true });
    const server = createServer((request, response) => {
      const { authorization } = request.headers;
      this.authorizations.push(authorization);
      if (this.token !== undefined && authorization !== `Bearer ${this.token}`) {
        response.writeHead(401, { 'content-type': 'application/problem+json' });
        response.end(JSON.stringify({ type: 'https://podwire.io/problems/token-refused' }));
        return;
      }
      const handling =
        request.method === 'GET' ? this.#openStream(request, response) : this.#receive(request, response);
      // A connection that was cut in the middle of a batch.
      handling.catch(() => response.destroy());
    });
    return server.listen(this.#socketPath);
  }

  async #openStream(request: IncomingMessage, response: ServerResponse): Promise<void> {
    this.commandQueries.push(request.url?.split('?')[1] ?? '');
    response.writeHead(200, { 'content-type': 'application/x-ndjson' });
    response.write('\n');
    this.#streams.add(response);
    response.once('close', () => this.#streams.delete(response));
  }

  async #receive(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Uint8Array[] = [];
    for await (const chunk of request) chunks.push(chunk);
    const body = Buffer.concat(chunks);
    const batch = parseBatch(body);
    const answer = (status: number, text: object): void => {
      response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(text));
    };
    if (batch.records.some((record) => this.refusedIds.has(idOf(record) ?? ''))) {
      return answer(422, malformed);
    }
    switch (this.behaviour) {
      case 'silent':
        this.unanswered.push(batch);
        return;
      case 'unavailable':
        return answer(503, { type: 'about:blank' });
      case 'disk-full':
        return answer(507, { type: 'about:blank' });
      case 'refuse-invocations':
        if (batch.records.some(({ type }) => type === 'invocation')) return answer(422, malformed);
        break;
      case 'crash-after-storing':
        this.#store(batch, body);
        response.destroy();
        return;
      case 'accept':
      case 'ask-for-snapshot':
    }
    this.#store(batch, body);
    answer(200, { acknowledged: batch.header.sequence, needsSnapshot: this.behaviour === 'ask-for-snapshot' });
    if (this.behaviour === 'ask-for-snapshot') this.behaviour = 'accept';
  }

  #store(batch: ReceivedBatch, body: Buffer): void {
    const key = `${batch.header.bootId} ${batch.header.sequence}`;
    const known = this.#bodies.get(key);
    this.#bodies.set(key, body);
    if (known === undefined) this.batches.push(batch);
    else if (!known.equals(body)) this.violations.push(key);
  }
}

const malformed = { type: 'https://podwire.io/problems/malformed-batch' };

function parseBatch(body: Uint8Array): ReceivedBatch {
  const [header, ...records] = gunzipSync(body).toString('utf8').trim().split('\n');
  return {
    header: BatchHeader.parse(JSON.parse(header ?? '')),
    records: records.map((line) => BatchRecord.parse(JSON.parse(line))),
  };
}

function idOf(record: BatchRecord): string | undefined {
  if (record.type === 'invocation') return record.event.id;
  return record.type === 'command.result' ? record.result.id : undefined;
}
