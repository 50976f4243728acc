import { expect, test } from 'vitest';
import { startTestServer } from '../testing/start-test-server.ts';

const json = { 'content-type': 'application/json' };

test.each([
  { what: 'no JSON', body: '{bad', headers: json, status: 400, word: 'invalid-request' },
  {
    what: 'no content type',
    body: '{"name":"a","node":"n","image":"nginx"}',
    headers: {},
    status: 415,
    word: 'unsupported-media-type',
  },
  {
    what: 'a namespace that Kubernetes would refuse',
    body: '{"namespace":"a/..","name":"a","node":"n","image":"nginx"}',
    headers: json,
    status: 400,
    word: 'invalid-request',
  },
])('a request for a pod with $what is refused, and is no failure of Podwire', async (sent) => {
  await using app = await startTestServer();
  const body = new TextEncoder().encode(sent.body);
  const answer = await fetch(`${app.url}/api/v1/lab/pods`, { method: 'POST', body, headers: sent.headers });
  expect(answer.headers.get('content-type')).toBe('application/problem+json');
  const problem = { status: sent.status, type: `https://podwire.io/problems/${sent.word}` };
  expect(await answer.json()).toMatchObject(problem);
});

test('a time that is none is refused, and one before the log began names the oldest', async () => {
  await using app = await startTestServer();
  const malformed = await app.get('/api/v1/cluster?at=yesterday');
  expect(malformed.body).toMatchObject({ status: 400, type: 'https://podwire.io/problems/invalid-request' });
  const before = await app.get('/api/v1/cluster?at=2020-01-01T00:00:00Z');
  expect(before.body).toMatchObject({ status: 410, type: 'https://podwire.io/problems/before-retention' });
  const { detail } = before.body as { detail: string };
  const [oldest = ''] = /\d{4}-\d\d-\d\dT[\d:.]+Z(?=\.)/.exec(detail.replace('2020-01-01T00:00:00Z', '')) ?? [];
  expect((await app.get(`/api/v1/cluster?at=${oldest}`)).status).toBe(200);
});
