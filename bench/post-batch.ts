import { Agent, request } from 'node:http';
import { gzipSync } from 'node:zlib';
import type { BatchRecord } from '#model/protocol/agent-batch.ts';

/** A batch as an agent sends it, gzip NDJSON. */
export function packBatch(node: string, sequence: number, records: readonly BatchRecord[]): Buffer {
  const header = {
    protocol: 1,
    node,
    bootId: `boot-${node}`,
    sequence,
    agentVersion: '0.1.0',
    sentAt: new Date().toISOString(),
  };
  return gzipSync(`${[header, ...records].map((line) => JSON.stringify(line)).join('\n')}\n`);
}

/** Posts to the collector's socket, connections kept; rejects where a batch is not acknowledged. */
export class BatchPoster implements Disposable {
  readonly #socketPath: string;
  readonly #agent: Agent;

  constructor(socketPath: string, connections: number) {
    this.#socketPath = socketPath;
    this.#agent = new Agent({ keepAlive: true, maxSockets: connections });
  }

  /** Once more where a kept connection was just closed for being idle: a batch may come twice. */
  async post(body: Buffer): Promise<void> {
    try {
      await this.#postOnce(body);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ECONNRESET') throw error;
      await this.#postOnce(body);
    }
  }

  #postOnce(body: Buffer): Promise<void> {
    const headers = {
      'content-type': 'application/x-ndjson',
      'content-encoding': 'gzip',
      'content-length': body.length,
    };
    const options = {
      socketPath: this.#socketPath,
      path: '/agent/v1/batches',
      method: 'POST',
      headers,
      agent: this.#agent,
    };
    return new Promise((resolve, reject) => {
      const sent = request(options, (answer) => {
        let text = '';
        answer.setEncoding('utf8').on('data', (part: string) => {
          text += part;
        });
        answer.on('end', () =>
          answer.statusCode === 200 ? resolve() : reject(new Error(`${answer.statusCode}: ${text}`)),
        );
      });
      sent.on('error', reject);
      sent.on('response', (answer) => answer.on('error', reject));
      sent.end(body);
    });
  }

  /** All of them, as many at a time as there are connections. */
  async postAll(bodies: Iterable<Buffer>, connections: number): Promise<void> {
    const rest = bodies[Symbol.iterator]();
    const work = async () => {
      for (let next = rest.next(); next.done !== true; next = rest.next()) await this.post(next.value);
    };
    await Promise.all(Array.from({ length: connections }, work));
  }

  [Symbol.dispose](): void {
    this.#agent.destroy();
  }
}
