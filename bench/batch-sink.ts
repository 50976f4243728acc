import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { setTimeout as wait } from 'node:timers/promises';
import { gunzipSync } from 'node:zlib';

/** The smallest collector: takes every batch on a Unix socket, counts what is told of the kernel, keeps nothing. */
export class BatchSink {
  readonly path: string;
  kernelRecords = 0;
  readonly #server: Server;

  constructor(path: string) {
    this.path = path;
    this.#server = createServer((request, response) => this.#receive(request, response));
    this.#server.listen(path);
  }

  async until(holds: () => boolean): Promise<void> {
    while (!holds()) await wait(5);
  }

  close(): void {
    this.#server.closeAllConnections();
    this.#server.close();
  }

  async #receive(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Uint8Array[] = [];
    for await (const chunk of request) chunks.push(chunk);
    // It has no commands to give.
    if (request.method !== 'POST') return void response.writeHead(404).end();
    const [header = '{}', ...records] = gunzipSync(Buffer.concat(chunks)).toString('utf8').trim().split('\n');
    this.kernelRecords += records.filter((record) => record.startsWith('{"type":"kernel.')).length;
    const receipt = { acknowledged: JSON.parse(header).sequence, needsSnapshot: false };
    response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(receipt));
  }
}
