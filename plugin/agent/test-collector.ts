import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { setTimeout as wait } from 'node:timers/promises';
import { gunzipSync } from 'node:zlib';
import { BatchHeader, BatchRecord } from '#model/protocol/agent-batch.ts';

export interface ReceivedBatch {
  readonly header: BatchHeader;
  readonly records: readonly BatchRecord[];
}

/** How the collector treats the next batches. `silent` reads them and never answers: the agent cannot know what became of them. */
export type Behaviour = 'accept' | 'ask-for-snapshot' | 'unavailable' | 'refuse-invocations' | 'silent';

/**
 * The smallest real receiver of batches: HTTP on a Unix socket, contract checked, everything kept.
 * It stands for the collector where a test needs a collector that misbehaves on purpose.
 */
export class TestCollector {
  behaviour: Behaviour = 'accept';
  /** Accepted ones only. */
  readonly batches: ReceivedBatch[] = [];
  readonly unanswered: ReceivedBatch[] = [];
  readonly #server: Server;

  constructor(socketPath: string) {
    this.#server = createServer((request, response) => this.#receive(request, response));
    this.#server.listen(socketPath);
  }

  get records(): BatchRecord[] {
    return this.batches.flatMap(({ records }) => records);
  }

  get eventIds(): string[] {
    return this.records.flatMap((record) => (record.type === 'invocation' ? [record.event.id] : []));
  }

  /** Waits until a condition holds. The caller's own time limit ends a wait that is in vain. */
  async until(holds: () => boolean): Promise<void> {
    while (!holds()) await wait(20);
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  async #receive(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Uint8Array[] = [];
    for await (const chunk of request) chunks.push(chunk);
    const batch = parseBatch(Buffer.concat(chunks));
    const answer = (status: number, body: object): void => {
      response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
    };
    switch (this.behaviour) {
      case 'silent':
        this.unanswered.push(batch);
        return;
      case 'unavailable':
        return answer(503, { type: 'about:blank' });
      case 'refuse-invocations':
        if (batch.records.some(({ type }) => type === 'invocation')) return answer(422, { type: 'about:blank' });
        break;
      case 'accept':
      case 'ask-for-snapshot':
    }
    this.batches.push(batch);
    answer(200, { acknowledged: batch.header.sequence, needsSnapshot: this.behaviour === 'ask-for-snapshot' });
    if (this.behaviour === 'ask-for-snapshot') this.behaviour = 'accept';
  }
}

function parseBatch(body: Uint8Array): ReceivedBatch {
  const [header, ...records] = gunzipSync(body).toString('utf8').trim().split('\n');
  return {
    header: BatchHeader.parse(JSON.parse(header ?? '')),
    records: records.map((line) => BatchRecord.parse(JSON.parse(line))),
  };
}
