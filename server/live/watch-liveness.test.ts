import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { WebSocket, WebSocketServer } from 'ws';
import { Liveness } from './watch-liveness.ts';

/** Both ends of a real connection. */
async function openPair() {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const sockets = new WebSocketServer({ noServer: true });
  const accepted = Promise.withResolvers<{ readonly socket: WebSocket; readonly stream: Duplex }>();
  server.on('upgrade', (request, stream, head) =>
    sockets.handleUpgrade(request, stream, head, (socket) => accepted.resolve({ socket, stream })),
  );
  const client = new WebSocket(`ws://127.0.0.1:${(server.address() as AddressInfo).port}`);
  client.on('error', () => undefined);
  const { socket, stream } = await accepted.promise;
  await once(client, 'open');
  const close = () => {
    client.terminate();
    server.close();
  };
  return { client, socket, stream, [Symbol.dispose]: close };
}

test('a browser that answers pings stays, however often it is looked at', async () => {
  using pair = await openPair();
  const liveness = new Liveness(pair.socket, pair.stream);
  for (let look = 0; look < 6; look += 1) {
    const answered = once(pair.socket, 'pong');
    liveness.look();
    await answered;
  }
  expect(pair.socket.readyState).toBe(WebSocket.OPEN);
});

test('a peer that neither answers nor takes anything is hung up on', async () => {
  using pair = await openPair();
  const liveness = new Liveness(pair.socket, pair.stream);
  // Reads no more: as a machine that has vanished, its pongs never come, and what is sent to it stays here.
  pair.client.pause();
  const filler = 'x'.repeat(1 << 20);
  while (pair.socket.bufferedAmount < 4 << 20) {
    pair.socket.send(filler);
    await sleep(1);
  }
  const closed = once(pair.socket, 'close');
  for (let look = 0; look < 5; look += 1) liveness.look();
  await closed;
  expect(pair.socket.readyState).toBe(WebSocket.CLOSED);
});

test('a slow reader whose pong stands behind what it has yet to read is no dead one', async () => {
  using pair = await openPair();
  const liveness = new Liveness(pair.socket, pair.stream);
  let pongs = 0;
  pair.socket.on('pong', () => {
    pongs += 1;
  });
  pair.client.pause();
  const filler = 'x'.repeat(1 << 20);
  for (let sent = 0; sent < 64; sent += 1) pair.socket.send(filler);
  for (let look = 0; look < 8 && pongs === 0; look += 1) {
    const before = pair.socket.bufferedAmount;
    pair.client.resume();
    while (pair.socket.bufferedAmount === before && before > 0) await sleep(1);
    pair.client.pause();
    liveness.look();
    expect(pair.socket.readyState).toBe(WebSocket.OPEN);
  }
});
