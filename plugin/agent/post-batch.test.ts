import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, expect, it } from 'vitest';
import { type PostOutcome, postBatch } from './post-batch.ts';

/** What becomes of a batch that somebody answers so. */
async function post(status: number, text: string): Promise<PostOutcome> {
  const server = createServer((_request, response) => response.writeHead(status).end(text)).listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  const { port } = server.address() as AddressInfo;
  try {
    const collector = { baseUrl: `http://127.0.0.1:${port}` };
    return await postBatch(collector, Uint8Array.of(1), new AbortController().signal);
  } finally {
    server.closeAllConnections();
    server.close();
  }
}

const problem = (word: string): string => JSON.stringify({ type: `https://podwire.io/problems/${word}` });

describe('the answer to a batch', () => {
  it('by the collector, that its content is wrong or too large, is for good', async () => {
    expect(await post(422, problem('malformed-batch'))).toMatchObject({ type: 'refused', isTooLarge: false });
    expect(await post(413, problem('too-large'))).toMatchObject({ type: 'refused', isTooLarge: true });
  });

  it('by a proxy that takes less at once makes it smaller', async () => {
    expect(await post(413, '<html>')).toMatchObject({ type: 'refused', isTooLarge: true });
  });

  it.each([
    [422, problem('unsupported-protocol')],
    [401, problem('token-refused')],
    [507, problem('storage-full')],
  ])('by the collector, %i %s, is about the moment', async (status, text) => {
    expect(await post(status, text)).toMatchObject({ type: 'unreachable' });
  });

  it.each([
    [400, '<html>The plain HTTP request was sent to HTTPS port</html>'],
    [400, ''],
    [422, 'null'],
    [404, '{"type":7}'],
    [200, 'Welcome'],
    [200, '{}'],
  ])('by a stranger at its address, %i %s, is about the moment: nothing is given up', async (status, text) => {
    expect(await post(status, text)).toMatchObject({ type: 'unreachable' });
  });
});
