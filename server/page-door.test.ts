import { request } from 'node:http';
import { text } from 'node:stream/consumers';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { makeToken } from './testing/make-token.ts';
import { ReviewServerDouble } from './testing/review-server-double.ts';
import { startTestServer, type TestServer } from './testing/start-test-server.ts';

let api: ReviewServerDouble;
let app: TestServer;
let nowMs = 0;
/** What came as far as the framework, as it came. */
let shown: string[] = [];

beforeEach(async () => {
  nowMs = Date.now();
  api = new ReviewServerDouble();
  app = await startTestServer(undefined, undefined, { reviewer: await api.listen(), clock: () => new Date(nowMs) });
  shown = [];
  app.server.http.pages.handler = ({ method, url }, response) => {
    shown.push(`${method} ${url}`);
    response.end('page');
  };
});
afterEach(async () => {
  await app[Symbol.asyncDispose]();
  await api[Symbol.asyncDispose]();
});

/** With the path as it is written: `fetch` would tidy it. */
async function ask(path: string, method = 'GET', headers: Record<string, string> = {}) {
  const { port } = app.server;
  const answer = await new Promise<{ status: number; body: string; headers: NodeJS.Dict<string | string[]> }>(
    (resolve, reject) => {
      const asked = request({ port, host: '127.0.0.1', path, method, headers }, (response) => {
        const { statusCode: status = 0 } = response;
        text(response).then((body) => resolve({ status, body, headers: response.headers }), reject);
      });
      asked.on('error', reject);
      asked.end();
    },
  );
  return answer;
}

async function openSession(): Promise<{ readonly cookie: string }> {
  const token = makeToken({ sub: 'ada', exp: Math.floor(nowMs / 1_000) + 600 });
  api.accounts.set(token, { username: 'ada' });
  const answer = await fetch(`${app.url}/api/v1/session`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ token }),
  });
  return { cookie: (answer.headers.get('set-cookie') ?? '').split(';')[0] ?? '' };
}

test('pages are only read: nothing that is sent to one comes as far as the framework', async () => {
  for (const method of ['POST', 'PUT', 'DELETE', 'PATCH', 'OPTIONS']) {
    const { status, body, headers } = await ask('/login', method, { 'next-action': '0'.repeat(40) });
    expect([method, status, headers.allow]).toEqual([method, 405, 'GET, HEAD']);
    expect(body).toContain('method-not-allowed');
  }
  expect(shown).toEqual([]);
  const token = makeToken({ sub: 'prometheus' });
  api.accounts.set(token, { username: 'prometheus', rights: ['get /metrics'] });
  const { body } = await ask('/metrics', 'GET', { authorization: `Bearer ${token}` });
  expect(body).toContain('podwire_refused_requests_total{reason="method-not-allowed"} 5\n');
});

test.each([
  '/_next/image?url=%2Flogin&w=64&q=75',
  '/_next/data/x/index.json',
  '/_next/static/../../nodes/a',
  '/_next/static/%2E%2e/nodes/a',
  '//login',
  '/login/',
  '/Login',
  '/%6cogin',
  'http://127.0.0.1/login',
])('without a session %s is no way around the login', async (path) => {
  expect((await ask(path)).status).toBe(302);
  expect(shown).toEqual([]);
});

test('the login page has its programs and pictures without a session', async () => {
  const paths = [
    '/_next/static/chunks/app/nodes/%5Bnode%5D/page-1.js',
    '/_next/static/media/inter.s.p.woff2',
    '/icon.svg',
  ];
  for (const path of paths) expect((await ask(path)).body).toBe('page');
});

test('who opens login pages without end waits, and who is logged in does not', async () => {
  const session = await openSession();
  const visits = await Promise.all(Array.from({ length: 110 }, () => ask('/login')));
  expect(visits.filter(({ body }) => body === 'page')).toHaveLength(100);
  const refused = visits.find(({ status }) => status === 429);
  expect(Number(refused?.headers['retry-after'])).toBeGreaterThan(0);
  expect((await ask('/', 'GET', session)).body).toBe('page');
  nowMs += 1_000;
  expect((await ask('/login')).body).toBe('page');
});

test('a program that offers HTTP/2 besides is answered as any other, and as little', async () => {
  const offer = { connection: 'Upgrade, HTTP2-Settings', upgrade: 'h2c', 'http2-settings': 'AAMAAABkAAQAAP__' };
  expect(await ask('/healthz', 'GET', offer)).toMatchObject({ status: 200, body: 'ok\n' });
  expect((await ask('/api/v1/cluster', 'GET', offer)).status).toBe(401);
  expect((await ask('/nodes/a', 'GET', offer)).status).toBe(302);
});
