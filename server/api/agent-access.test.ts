import { request } from 'node:http';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { makeToken } from '../testing/make-token.ts';
import { NODE_NAME, ReviewServerDouble } from '../testing/review-server-double.ts';
import { startTestServer, type TestServer, writeBatch } from '../testing/start-test-server.ts';

const ACCOUNT = 'system:serviceaccount:podwire:podwire-agent';
const NODE = 'k8s-node01';
const inSeconds = (seconds: number): number => Math.floor(Date.now() / 1_000) + seconds;

let api: ReviewServerDouble;
let app: TestServer;

beforeEach(async () => {
  api = new ReviewServerDouble();
  app = await startTestServer(undefined, undefined, {
    reviewer: await api.listen(),
    access: { agentAccount: ACCOUNT },
  });
});
afterEach(async () => {
  await app[Symbol.asyncDispose]();
  await api[Symbol.asyncDispose]();
});

/** A token as kubelet projects it into the agent of a node. */
function project(given: { node?: string; seconds?: number; audience?: string; username?: string } = {}): string {
  const { node = NODE, seconds = 3_600, audience = 'podwire', username = ACCOUNT } = given;
  const token = makeToken({ sub: `${username} on ${node}`, exp: inSeconds(seconds), aud: [audience] });
  api.accounts.set(token, { username, audience, extra: node === '' ? {} : { [NODE_NAME]: [node] } });
  return token;
}

async function post(token: string | undefined, header: object = {}, sequence = 1): Promise<[number, string]> {
  const answer = await fetch(`${app.url}/agent/v1/batches`, {
    method: 'POST',
    headers: {
      'content-type': 'application/x-ndjson',
      'content-encoding': 'gzip',
      ...(token !== undefined && { authorization: `Bearer ${token}` }),
    },
    body: new Uint8Array(writeBatch(sequence, [], header)),
  });
  const { type = '' } = (await answer.json()) as { type?: string };
  return [answer.status, type.replace('https://podwire.io/problems/', '')];
}

test('an agent’s batches are taken with the token of its own node', async () => {
  const token = project();
  expect(await post(token)).toEqual([200, '']);
  expect(await post(token, {}, 2)).toEqual([200, '']);
  expect(api.questions).toEqual(['token']);
});

test('another node’s token, an expired, a wrong or no token, and another account’s are refused, each by its name', async () => {
  expect(await post(undefined)).toEqual([401, 'no-token']);
  expect(await post(project({ node: 'controlplane' }))).toEqual([403, 'other-node']);
  expect(await post(project({ seconds: -10 }))).toEqual([401, 'token-expired']);
  expect(await post(project({ audience: 'vault' }))).toEqual([401, 'wrong-audience']);
  expect(await post(makeToken({ sub: 'nobody', aud: ['podwire'] }))).toEqual([401, 'token-refused']);
  expect(await post('"; DROP TABLE')).toEqual([401, 'no-token']);
  expect(await post(project({ username: 'system:serviceaccount:default:default' }))).toEqual([403, 'not-the-agent']);
  expect(await post(project({ node: '' }))).toEqual([403, 'not-the-agent']);
  const { body } = await app.get('/api/v1/session');
  expect(body).toMatchObject({ status: 401, type: 'https://podwire.io/problems/no-session' });
  expect(app.server.fold.agent(NODE)).toEqual({});
});

test('an API server that is away refuses nobody for good: 503, and the same token is taken when it is back', async () => {
  const token = project();
  api.isBroken = true;
  expect(await post(token)).toEqual([503, 'review-unavailable']);
  api.isBroken = false;
  expect(await post(token)).toEqual([200, '']);
});

test('the socket needs no token, for the file system guards it', async () => {
  expect(await app.post(1, [])).toMatchObject({ status: 200 });
  expect(api.questions).toEqual([]);
});

test('a connection that is cut as soon as the batch is sent is not taken for the socket', async () => {
  const body = writeBatch(1, []);
  const headers = { 'content-type': 'application/x-ndjson', 'content-encoding': 'gzip' };
  for (let turn = 0; turn < 20; turn += 1) {
    const sent = request(`${app.url}/agent/v1/batches`, { method: 'POST', headers });
    sent.on('error', () => undefined);
    await new Promise<void>((resolve) => sent.end(body, () => resolve()));
    sent.socket?.resetAndDestroy();
  }
  expect(await post(project({ node: 'controlplane' }), { node: 'controlplane' })).toEqual([200, '']);
  expect(app.server.fold.agent(NODE)).toEqual({});
});

test('the command stream of another node is refused, and one’s own ends with the token', async () => {
  const open = (token: string, node: string) =>
    fetch(`${app.url}/agent/v1/commands?node=${node}&bootId=b`, { headers: { authorization: `Bearer ${token}` } });
  const foreign = await open(project(), 'controlplane');
  expect(foreign.status).toBe(403);
  await foreign.body?.cancel();
  const own = await open(project({ seconds: 2 }), NODE);
  expect(own.status).toBe(200);
  // Ends by itself: the body is read to its end.
  expect(await own.text()).toMatch(/^\n+$/);
  const again = await open(project(), NODE);
  expect(again.status).toBe(200);
  await again.body?.cancel();
});

test('somebody who tries tokens is stopped, and the agent at the same address is not', async () => {
  const good = project();
  expect(await post(good)).toEqual([200, '']);
  const tries: number[] = [];
  for (let round = 0; round < 4; round += 1) {
    const some = await Promise.all(Array.from({ length: 50 }, (_, number) => post(`forged-${round}-${number}`)));
    tries.push(...some.map(([status]) => status));
  }
  expect(tries.filter((status) => status === 401).length).toBeGreaterThanOrEqual(100);
  expect(tries.at(-1)).toBe(429);
  expect(await post(good, {}, 2)).toEqual([200, '']);
});

/** A batch whose end does not come; resolves when the collector waits for it. */
async function startBatch(token: string) {
  const headers = {
    'content-type': 'application/x-ndjson',
    'content-encoding': 'gzip',
    'transfer-encoding': 'chunked',
    expect: '100-continue',
    authorization: `Bearer ${token}`,
  };
  const sent = request(`${app.url}/agent/v1/batches`, { method: 'POST', headers });
  sent.on('error', () => undefined);
  await new Promise<void>((resolve) => sent.on('continue', resolve).flushHeaders());
  sent.write(writeBatch(9, []).slice(0, 20));
  return sent;
}

test('a node has two batches under way at most, others go on, and what was cut off is under way no more', async () => {
  const [token, other] = [project(), project({ node: 'controlplane' })];
  expect(await post(token)).toEqual([200, '']);
  const begun = [await startBatch(token), await startBatch(token)];
  expect(await post(token, {}, 2)).toEqual([429, 'too-many-requests']);
  expect(await post(other, { node: 'controlplane' })).toEqual([200, '']);
  for (const each of begun) each.socket?.resetAndDestroy();
  const postTwo = () => Promise.all([post(token, {}, 2), post(token, {}, 3)]);
  await expect.poll(postTwo, { timeout: 20_000 }).toEqual([
    [200, ''],
    [200, ''],
  ]);
});
