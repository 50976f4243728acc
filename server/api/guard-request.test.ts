import { request } from 'node:http';
import { expect, test } from 'vitest';
import { WebSocket } from 'ws';
import { startTestServer } from '../testing/start-test-server.ts';

type Sent = { readonly method?: string; readonly headers?: Record<string, string> };

const send = (url: string, { method = 'GET', headers = {} }: Sent) =>
  new Promise<number>((resolve, reject) => {
    const sent = request(`${url}/api/v1/lab/pods`, { method, headers }, (answer) => {
      answer.resume();
      resolve(answer.statusCode ?? 0);
    });
    sent.on('error', reject).end();
  });

const openLive = (url: string, headers: Record<string, string>) =>
  new Promise<number>((resolve) => {
    const socket = new WebSocket(`${url.replace('http', 'ws')}/api/v1/live`, { headers });
    socket.on('open', () => {
      socket.close();
      resolve(101);
    });
    socket.on('unexpected-response', (_request, answer) => {
      answer.resume();
      resolve(answer.statusCode ?? 0);
    });
    socket.on('error', () => undefined);
  });

test('a page whose name was rebound to loopback gets nothing', async () => {
  await using app = await startTestServer();
  expect(await send(app.url, { headers: { host: 'evil.example:7639' } })).toBe(403);
  expect(await send(app.url, { headers: { host: '127.0.0.1.evil.example' } })).toBe(403);
  expect(await send(app.url, { headers: { host: `localhost:${app.server.port}` } })).toBe(404);
});

test('a page of another site may neither write nor open the live socket', async () => {
  await using app = await startTestServer();
  const foreign = { origin: 'https://evil.example' };
  expect(await send(app.url, { method: 'POST', headers: foreign })).toBe(403);
  expect(await send(app.url, { method: 'POST', headers: { origin: 'null' } })).toBe(403);
  expect(await send(app.url, { method: 'POST', headers: { origin: 'http://127.0.0.1:1' } })).toBe(403);
  expect(await send(app.url, { method: 'POST', headers: { origin: app.url } })).not.toBe(403);
  expect(await openLive(app.url, foreign)).toBe(403);
  expect(await openLive(app.url, { host: 'evil.example' })).toBe(403);
  expect(await openLive(app.url, { origin: app.url })).toBe(101);
});
