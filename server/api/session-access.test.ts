import { afterEach, beforeEach, expect, test } from 'vitest';
import { WebSocket } from 'ws';
import { makeToken } from '../testing/make-token.ts';
import { ReviewServerDouble } from '../testing/review-server-double.ts';
import { startTestServer, type TestServer } from '../testing/start-test-server.ts';

let api: ReviewServerDouble;
let app: TestServer;
let nowMs = Date.now();

beforeEach(async () => {
  nowMs = Date.now();
  api = new ReviewServerDouble();
  app = await startTestServer(undefined, undefined, {
    reviewer: await api.listen(),
    access: { hosts: ['podwire.example.org'] },
    clock: () => new Date(nowMs),
  });
});
afterEach(async () => {
  await app[Symbol.asyncDispose]();
  await api[Symbol.asyncDispose]();
});

function issue(username: string, rights: readonly string[], seconds = 7_200): string {
  const token = makeToken({ sub: `${username} ${Math.random()}`, exp: Math.floor(nowMs / 1_000) + seconds });
  api.accounts.set(token, { username, rights, groups: ['people'] });
  return token;
}

type Sent = { readonly method?: string; readonly body?: unknown; readonly headers?: Record<string, string> };

/** As a page of this server asks: with its origin. */
async function ask(path: string, { method = 'GET', body, headers = {} }: Sent = {}) {
  const answer = await fetch(`${app.url}${path}`, {
    method,
    redirect: 'manual',
    headers: { origin: app.url, ...(body !== undefined && { 'content-type': 'application/json' }), ...headers },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  });
  const text = await answer.text();
  return { status: answer.status, headers: answer.headers, body: text.startsWith('{') ? JSON.parse(text) : text };
}

const logIn = (token: string, headers: Record<string, string> = {}) =>
  ask('/api/v1/session', { method: 'POST', body: { token }, headers });

async function openSession(token: string): Promise<{ readonly cookie: string }> {
  const { status, headers } = await logIn(token);
  expect(status).toBe(201);
  return { cookie: (headers.get('set-cookie') ?? '').split(';')[0] ?? '' };
}

const wordOf = (type: string): string => type.replace('https://podwire.io/problems/', '');

/** The live socket: resolves with the status that refused it, or 101; `closed` with the code that ended it. */
function openLive(headers: Record<string, string>) {
  const socket = new WebSocket(`${app.url.replace('http', 'ws')}/api/v1/live`, { headers });
  const opened = new Promise<number>((resolve) => {
    socket.on('open', () => resolve(101));
    socket.on('unexpected-response', (_request, answer) => {
      answer.resume();
      resolve(answer.statusCode ?? 0);
    });
    socket.on('error', () => undefined);
  });
  const closed = new Promise<number>((resolve) => socket.on('close', resolve));
  return { opened, closed };
}

test('logging out ends the session and its sockets, and the cookie with it', async () => {
  const session = await openSession(issue('ada', ['*']));
  const live = openLive({ ...session, origin: app.url });
  expect(await live.opened).toBe(101);
  const out = await ask('/api/v1/session', { method: 'DELETE', headers: session });
  expect(out.status).toBe(204);
  expect(out.headers.get('set-cookie')).toMatch(/^podwire_session=; .*Max-Age=0/);
  expect(await live.closed).toBe(4401);
  expect((await ask('/api/v1/session', { headers: session })).status).toBe(401);
  expect(await openLive({ ...session, origin: app.url }).opened).toBe(401);
});

test('a token buys a session whose cookie no script and no other site gets, and which ends within the hour', async () => {
  const token = issue('ada', ['list pods', 'list nodes']);
  const { status, headers, body } = await logIn(token);
  expect(status).toBe(201);
  expect(headers.get('set-cookie')).toMatch(
    /^podwire_session=[\w-]{43}; Path=\/; HttpOnly; SameSite=Strict; Max-Age=3(599|600)$/,
  );
  const all = { namespaces: 'all', seesNodes: true };
  expect(body).toMatchObject({ login: 'kubernetes', user: 'ada', scope: all });
  expect(Date.parse(body.expiresAt)).toBeLessThanOrEqual(nowMs + 3_600_000);
  const short = await logIn(issue('ada', [], 600));
  expect(Date.parse(short.body.expiresAt)).toBeLessThanOrEqual(nowMs + 600_000);
});

test('the cookie is for https alone where a trusted proxy says so, and nobody else can say it', async () => {
  const https = { 'x-forwarded-proto': 'https', 'x-forwarded-for': '203.0.113.7' };
  expect((await logIn(issue('ada', []), https)).headers.get('set-cookie')).not.toMatch(/Secure/);
  app.config.access.trustedProxies.addAddress('127.0.0.1');
  expect((await logIn(issue('ada', []), https)).headers.get('set-cookie')).toMatch(/; Secure$/);
});

test('without a session there is the login page, the probes, and nothing else', async () => {
  const statusOf = async (path: string) => (await ask(path)).status;
  expect(await statusOf('/healthz')).toBe(200);
  for (const path of ['/api/v1/cluster', '/api/v1/pods', '/api/v1/openapi.json', '/api/v1/session', '/metrics']) {
    const { status, body, headers } = await ask(path);
    expect([path, status, wordOf(body.type)]).toEqual([path, 401, 'no-session']);
    expect(headers.get('www-authenticate')).toBe('Bearer realm="podwire"');
    expect(headers.get('cache-control')).toBe('no-store');
  }
  expect(await openLive({ origin: app.url }).opened).toBe(401);
  const forged = { cookie: `podwire_session=${'A'.repeat(43)}` };
  expect((await ask('/api/v1/cluster', { headers: forged })).status).toBe(401);
});

test('a program comes with its token in each request, and to the metrics only where its account may get them', async () => {
  const may = { authorization: `Bearer ${issue('prometheus', ['get /metrics'])}` };
  const mayNot = { authorization: `Bearer ${issue('ada', ['list pods'])}` };
  expect((await ask('/metrics', { headers: may })).body).toMatch(/podwire_logins_total/);
  const { status, body } = await ask('/metrics', { headers: mayNot });
  expect([status, wordOf(body.type)]).toEqual([403, 'not-allowed']);
  expect((await ask('/api/v1/cluster', { headers: mayNot })).status).toBe(200);
  const wrong = await ask('/api/v1/cluster', { headers: { authorization: 'Bearer wrong' } });
  expect([wrong.status, wordOf(wrong.body.type)]).toEqual([401, 'token-refused']);
});

test('a session whose account is deleted ends within a minute, with its open sockets', async () => {
  const token = issue('ada', ['*']);
  const session = await openSession(token);
  const live = openLive({ ...session, origin: app.url });
  expect(await live.opened).toBe(101);
  api.accounts.delete(token);
  expect((await ask('/api/v1/session', { headers: session })).status).toBe(200);
  nowMs += 61_000;
  // The socket alone is looked after too: nobody asks for anything meanwhile.
  expect(await live.closed).toBe(4401);
  expect((await ask('/api/v1/session', { headers: session })).status).toBe(401);
});

test('rights that change end the open sockets, and the next answer is of the new ones', async () => {
  const token = issue('ada', ['list pods', 'list nodes']);
  const session = await openSession(token);
  const live = openLive({ ...session, origin: app.url });
  expect(await live.opened).toBe(101);
  api.accounts.set(token, { username: 'ada', rights: ['list nodes'], groups: ['people'] });
  nowMs += 61_000;
  const { body } = await ask('/api/v1/session', { headers: session });
  expect(body.scope).toEqual({ namespaces: [], seesNodes: true });
  expect(await live.closed).toBe(4401);
});

test('an API server that is away for a minute throws nobody out, and one that stays away does', async () => {
  const session = await openSession(issue('ada', ['*']));
  api.isBroken = true;
  nowMs += 61_000;
  expect((await ask('/api/v1/session', { headers: session })).status).toBe(200);
  nowMs += 240_000;
  const away = await ask('/api/v1/session', { headers: session });
  expect([away.status, wordOf(away.body.type)]).toEqual([503, 'review-unavailable']);
  api.isBroken = false;
  nowMs += 6_000;
  expect((await ask('/api/v1/session', { headers: session })).status).toBe(200);
  api.isBroken = true;
  const login = await logIn(issue('bob', []));
  expect([login.status, wordOf(login.body.type)]).toEqual([503, 'review-unavailable']);
  // Logging out works nevertheless.
  expect((await ask('/api/v1/session', { method: 'DELETE', headers: session })).status).toBe(204);
});

test('with a cookie, no page of another site may write or open a socket, and neither may one that does not say who it is', async () => {
  const session = await openSession(issue('ada', ['*']));
  const foreign = { ...session, origin: 'https://evil.example' };
  expect((await ask('/api/v1/session', { method: 'DELETE', headers: foreign })).status).toBe(403);
  expect(await openLive(foreign).opened).toBe(403);
  expect(await openLive(session).opened).toBe(403);
  expect((await fetch(`${app.url}/api/v1/session`, { method: 'DELETE', headers: session })).status).toBe(403);
  expect((await ask('/api/v1/session', { headers: session })).status).toBe(200);
});

test('names are answered that are set, and no other; addresses always', async () => {
  const hostOf = (host: string) => openLive({ host, origin: `http://${host}` }).opened;
  expect(await hostOf('podwire.example.org')).toBe(401);
  expect(await hostOf('podwire.example.org:7639')).toBe(401);
  expect(await hostOf('192.168.31.162:30639')).toBe(401);
  expect(await hostOf('[fd00::1]:7639')).toBe(401);
  expect(await hostOf('evil.example')).toBe(403);
  expect(await hostOf('podwire.example.org.evil.example')).toBe(403);
});

test('who logs in too often waits, and is told how long', async () => {
  const tries = await Promise.all(Array.from({ length: 40 }, () => logIn('wrong')));
  expect(tries.filter(({ status }) => status === 401)).toHaveLength(30);
  const refused = tries.find(({ status }) => status === 429);
  expect(wordOf(refused?.body.type)).toBe('too-many-requests');
  expect(Number(refused?.headers.get('retry-after'))).toBeGreaterThan(0);
  nowMs += 60_000;
  expect((await logIn(issue('ada', []))).status).toBe(201);
});

test('a program’s token is not taken past its own end, however lately it was asked about', async () => {
  const program = { authorization: `Bearer ${issue('prometheus', [], 20)}` };
  expect((await ask('/api/v1/session', { headers: program })).status).toBe(200);
  nowMs += 21_000;
  expect((await ask('/api/v1/session', { headers: program })).status).toBe(401);
});

test('who logs in again has one session: that of the cookie before ends, and its sockets with it', async () => {
  const before = await openSession(issue('ada', []));
  const live = openLive({ ...before, origin: app.url });
  expect(await live.opened).toBe(101);
  expect((await logIn('wrong', before)).status).toBe(401);
  expect((await ask('/api/v1/session', { headers: before })).status).toBe(200);
  expect((await logIn(issue('bob', []), before)).status).toBe(201);
  expect(await live.closed).toBe(4401);
  expect((await ask('/api/v1/session', { headers: before })).status).toBe(401);
});

test('one person holds twenty sessions at most: the oldest ends', async () => {
  const token = issue('ada', []);
  const first = await openSession(token);
  for (let count = 1; count < 20; count += 1) await openSession(token);
  expect((await ask('/api/v1/session', { headers: first })).status).toBe(200);
  await openSession(token);
  expect((await ask('/api/v1/session', { headers: first })).status).toBe(401);
});

test('refusals at every door are counted by their reason', async () => {
  await ask('/api/v1/cluster');
  await logIn('wrong');
  await openLive({ host: 'evil.example' }).opened;
  await openLive({ origin: 'https://evil.example' }).opened;
  const headers = { authorization: `Bearer ${issue('prometheus', ['get /metrics'])}` };
  const { body } = await ask('/metrics', { headers });
  for (const reason of ['no-session', 'token-refused', 'foreign-host', 'foreign-origin']) {
    expect(body).toContain(`podwire_refused_requests_total{reason="${reason}"} 1\n`);
  }
  expect(body).toContain('podwire_logins_total{outcome="token-refused"} 1\n');
});

test('what is sent is bounded, and of a length that is known before it is read', async () => {
  const long = await logIn('x'.repeat(70_000));
  expect([long.status, wordOf(long.body.type)]).toEqual([413, 'too-large']);
  const body = new Blob(['{"token":"x"}']).stream();
  const headers = { 'content-type': 'application/json' };
  const init = { method: 'POST', headers, body, duplex: 'half' } as RequestInit;
  expect((await fetch(`${app.url}/api/v1/session`, init)).status).toBe(413);
});

test('every answer forbids to be framed, guessed at and run, whoever gets it', async () => {
  for (const path of ['/api/v1/session', '/healthz', '/nodes/x', '/login', '/nothing']) {
    const { headers } = await ask(path);
    expect([path, headers.get('content-security-policy')]).toEqual([
      path,
      expect.stringMatching(/frame-ancestors 'none'/),
    ]);
    expect(headers.get('x-content-type-options')).toBe('nosniff');
    expect(headers.get('referrer-policy')).toBe('no-referrer');
    expect(headers.get('cross-origin-opener-policy')).toBe('same-origin');
    expect(headers.get('cross-origin-resource-policy')).toBe('same-origin');
  }
});

test('a program that asks without end waits, and others do not', async () => {
  const greedy = { authorization: `Bearer ${issue('greedy', ['*'])}` };
  const statuses: number[] = [];
  while (statuses.at(-1) !== 429 && statuses.length < 2_000) {
    const some = await Promise.all(Array.from({ length: 50 }, () => ask('/api/v1/session', { headers: greedy })));
    statuses.push(...some.map(({ status }) => status).toSorted());
  }
  expect(statuses.filter((status) => status === 200)).toHaveLength(600);
  const other = { authorization: `Bearer ${issue('other', ['*'])}` };
  expect((await ask('/api/v1/session', { headers: other })).status).toBe(200);
});

test('pages lead to the login where nobody is logged in, and what scripts ask of them is refused', async () => {
  app.server.http.pages.handler = (_request, response) => void response.end('page');
  const answer = await ask('/pods/default/nginx1?as=table');
  expect([answer.status, answer.headers.get('location')]).toEqual([
    302,
    '/login?from=%2Fpods%2Fdefault%2Fnginx1%3Fas%3Dtable',
  ]);
  expect((await ask('/timeline?_rsc=1', { headers: { rsc: '1' } })).status).toBe(401);
  for (const path of ['/login', '/_next/static/x.js', '/icon.svg?icon.1.svg'])
    expect((await ask(path)).body).toBe('page');
  const session = await openSession(issue('ada', []));
  const [first, second] = [await ask('/', { headers: session }), await ask('/', { headers: session })];
  expect(first.body).toBe('page');
  const nonceOf = (page: typeof first) =>
    /'nonce-([^']{20,})'/.exec(page.headers.get('content-security-policy') ?? '')?.[1];
  expect(nonceOf(first)).toBeDefined();
  expect(nonceOf(first)).not.toBe(nonceOf(second));
});
