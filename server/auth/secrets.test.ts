import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Writable } from 'node:stream';
import pino from 'pino';
import { expect, test } from 'vitest';
import { WebSocket } from 'ws';
import { makeToken } from '../testing/make-token.ts';
import { NODE_NAME, ReviewServerDouble } from '../testing/review-server-double.ts';
import { startTestServer, writeBatch } from '../testing/start-test-server.ts';

const ACCOUNT = 'system:serviceaccount:podwire:podwire-agent';

test('no token and no session is in a log line, an answer, a metric or the store, whatever goes wrong', async () => {
  let said = '';
  const destination = new Writable({
    write: (chunk, _encoding, done) => {
      said += String(chunk);
      done();
    },
  });
  await using api = new ReviewServerDouble();
  await using app = await startTestServer(undefined, undefined, {
    reviewer: await api.listen(),
    access: { agentAccount: ACCOUNT },
    log: pino({ level: 'trace' }, destination),
  });
  const person = makeToken({ sub: 'ada' });
  const agent = makeToken({ sub: 'agent', aud: ['podwire'] });
  const unknown = makeToken({ sub: 'unknown' });
  api.accounts.set(person, { username: 'ada', rights: ['*'] });
  api.accounts.set(agent, { username: ACCOUNT, audience: 'podwire', extra: { [NODE_NAME]: ['k8s-node01'] } });
  const keep = async (answer: Response): Promise<Response> => {
    said += `${JSON.stringify([...answer.headers].filter(([name]) => name !== 'set-cookie'))}${await answer.text()}`;
    return answer;
  };
  const logIn = async (token: string): Promise<Response> =>
    keep(
      await fetch(`${app.url}/api/v1/session`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', origin: app.url },
        body: JSON.stringify({ token }),
      }),
    );
  const ask = async (path: string, headers: Record<string, string>): Promise<unknown> =>
    keep(await fetch(`${app.url}${path}`, { headers }));
  const post = async (token: string, body: Uint8Array): Promise<unknown> => {
    const headers = {
      'content-type': 'application/x-ndjson',
      'content-encoding': 'gzip',
      authorization: `Bearer ${token}`,
    };
    return keep(await fetch(`${app.url}/agent/v1/batches`, { method: 'POST', headers, body: new Uint8Array(body) }));
  };
  const cookie = ((await logIn(person)).headers.get('set-cookie') ?? '').split(';')[0] ?? '';
  expect(cookie).toMatch(/^podwire_session=/);
  const everything = async (): Promise<void> => {
    for (const token of [person, agent, unknown]) {
      await logIn(token);
      await ask('/api/v1/cluster', { authorization: `Bearer ${token}` });
      await ask(`/agent/v1/commands?node=other&bootId=b`, { authorization: `Bearer ${token}` });
      await post(token, writeBatch(1, []));
      await post(token, writeBatch(1, [], { node: 'other' }));
      await post(token, new TextEncoder().encode('no gzip'));
    }
    await ask('/api/v1/session', { cookie });
    await ask('/metrics', { cookie });
    await ask('/api/v1/pods/none/none', { cookie });
    await new Promise((done) =>
      new WebSocket(`${app.url.replace('http', 'ws')}/api/v1/live`, { headers: { cookie, origin: app.url } })
        .on('open', done)
        .on('error', done),
    );
  };
  await everything();
  api.isBroken = true;
  await everything();
  const stored = globSync('**/*', { cwd: app.config.dataFolder, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => readFileSync(join(entry.parentPath, entry.name), 'latin1'))
    .join('');
  // The test would see one.
  expect(said).toContain('a login was refused');
  expect(said).toContain('podwire_refused_requests_total');
  expect(stored).toContain('k8s-node01');
  for (const secret of [person, agent, unknown, cookie.split('=')[1] ?? '-']) {
    const parts = secret.split('.').filter((part) => part.length > 20);
    expect(parts.length).toBeGreaterThan(0);
    for (const part of parts) expect([part, said.includes(part), stored.includes(part)]).toEqual([part, false, false]);
  }
});
