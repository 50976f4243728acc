import { type ClientRequest, type IncomingMessage, request } from 'node:http';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { AgentCommand, type CommandResult } from '#model/protocol/agent-command.ts';
import { buildSnapshot } from '#model/testing/build-node.ts';
import { startTestServer, type TestServer } from '../testing/start-test-server.ts';
import { CommandDesk } from './command-desk.ts';

type Listening = { readonly commands: AgentCommand[]; readonly isOver: () => boolean; readonly hangUp: () => void };

/** An agent that holds the stream open on the unix socket, as the real one does. Resolves with the first heartbeat. */
function listen(app: TestServer, bootId = 'boot-1', node = 'k8s-node01'): Promise<Listening> {
  const commands: AgentCommand[] = [];
  const path = `/agent/v1/commands?node=${node}&bootId=${bootId}`;
  let isOver = false;
  return new Promise((resolve, reject) => {
    const sent: ClientRequest = request({ socketPath: app.config.collectorSocket, path }, (answer: IncomingMessage) => {
      const hangUp = () => void sent.destroy();
      answer.on('close', () => {
        isOver = true;
      });
      answer.on('error', () => undefined);
      // A closed connection is an error of readline too, which nobody there would take.
      createInterface(answer)
        .on('error', () => undefined)
        .on('line', (line) => {
          if (line === '') resolve({ commands, isOver: () => isOver, hangUp });
          else commands.push(AgentCommand.parse(JSON.parse(line)));
        });
    });
    sent.on('error', reject).end();
  });
}

async function startWithNode(): Promise<TestServer> {
  const app = await startTestServer();
  await app.post(1, [{ type: 'kernel.snapshot', snapshot: buildSnapshot([1]) }]);
  return app;
}

const order = async (app: TestServer, body: unknown, node = 'k8s-node01') => {
  const headers = { 'content-type': 'application/json' };
  const url = `${app.url}/api/v1/nodes/${node}/commands`;
  const answer = await fetch(url, { method: 'POST', headers, body: JSON.stringify(body) });
  return { status: answer.status, body: (await answer.json()) as Record<string, unknown> };
};

const answerAs = (app: TestServer, sequence: number, result: CommandResult) =>
  app.post(sequence, [{ type: 'command.result', result }]);

async function until<T>(read: () => T | undefined): Promise<T> {
  for (;;) {
    const value = read();
    if (value !== undefined) return value;
    await sleep(5);
  }
}

test('a command goes to the node it names, and the answer is what its agent said', async () => {
  await using app = await startWithNode();
  const [agent, other] = await Promise.all([listen(app), listen(app, 'boot-2', 'controlplane')]);
  const probe = { type: 'probe', to: '10.240.1.2', protocol: 'tcp', port: 80, timeoutMs: 500 };
  const answer = order(app, probe);
  const command = await until(() => agent.commands[0]);
  expect(command).toEqual({ id: expect.any(String), ...probe });
  const result: CommandResult = {
    id: command.id,
    outcome: 'answered',
    probe: { verdict: 'reply', roundTripUs: 120 },
  };
  // The node of the batch counts: nobody answers for another one.
  const foreign = { type: 'command.result', result: { ...result, outcome: 'refused' } } as const;
  await app.post(1, [foreign], { node: 'controlplane' });
  await answerAs(app, 2, result);
  expect(await answer).toEqual({ status: 200, body: result });
  expect(other.commands).toEqual([]);
});

test('what an agent refuses is a problem in its words, what it tried in vain is its answer', async () => {
  await using app = await startWithNode();
  const agent = await listen(app);
  const refused = order(app, { type: 'snapshot' });
  const first = await until(() => agent.commands[0]);
  await answerAs(app, 2, { id: first.id, outcome: 'refused', detail: 'not a command of this agent' });
  expect(await refused).toMatchObject({ status: 409, body: { detail: 'not a command of this agent' } });
  const failed = order(app, { type: 'snapshot' });
  const second = await until(() => agent.commands[1]);
  await answerAs(app, 3, { id: second.id, outcome: 'failed', detail: 'netlink: ENOBUFS' });
  expect(await failed).toMatchObject({ status: 200, body: { outcome: 'failed', detail: 'netlink: ENOBUFS' } });
});

test.each([
  [{ type: 'reboot' }, 400, 'invalid-request'],
  [{ type: 'probe', to: 'example.org', protocol: 'icmp', timeoutMs: 1 }, 400, 'invalid-request'],
  [{ type: 'probe', to: '::1', protocol: 'udp', timeoutMs: 1 }, 400, 'invalid-request'],
  [{ type: 'probe', to: '::1', protocol: 'tcp', port: 0, timeoutMs: 1 }, 400, 'invalid-request'],
  [{ type: 'probe', to: '::1', protocol: 'icmp', timeoutMs: 1e9 }, 400, 'invalid-request'],
  [{ type: 'snapshot' }, 503, 'agent-away'],
])('%j is answered with %i %s where no agent listens', async (body, status, word) => {
  await using app = await startWithNode();
  const answer = await order(app, body);
  expect(answer).toMatchObject({ status, body: { type: `https://podwire.io/problems/${word}` } });
});

test('a node that nobody knows has no agent to ask', async () => {
  await using app = await startTestServer();
  expect((await order(app, { type: 'snapshot' })).status).toBe(404);
});

test('a newer stream of a node ends the older one, and what an earlier boot has taken is answered at once', async () => {
  await using app = await startWithNode();
  const older = await listen(app, 'boot-1');
  const lost = order(app, { type: 'snapshot' });
  await until(() => older.commands[0]);
  const newer = await listen(app, 'boot-2');
  expect(await lost).toMatchObject({ status: 503, body: { type: 'https://podwire.io/problems/agent-away' } });
  await until(() => older.isOver() || undefined);
  const answer = order(app, { type: 'snapshot' });
  const command = await until(() => newer.commands[0]);
  await answerAs(app, 2, { id: command.id, outcome: 'answered' });
  expect((await answer).status).toBe(200);
});

test('an agent that hangs up is away', async () => {
  await using app = await startWithNode();
  (await listen(app)).hangUp();
  for (;;) {
    const answer = await order(app, { type: 'snapshot' }).catch(() => undefined);
    if (answer?.status === 503) break;
  }
});

test('what an agent has taken that hangs up is answered soon, by itself where it comes back', async () => {
  await using app = await startWithNode();
  const first = await listen(app);
  const answered = order(app, { type: 'snapshot' });
  const taken = await until(() => first.commands[0]);
  first.hangUp();
  const back = await listen(app);
  await sleep(3_200);
  await answerAs(app, 2, { id: taken.id, outcome: 'answered' });
  expect(await answered).toMatchObject({ status: 200, body: { outcome: 'answered' } });
  const lost = order(app, { type: 'snapshot' });
  await until(() => back.commands[0]);
  back.hangUp();
  const hungUpMs = performance.now();
  expect(await lost).toMatchObject({ status: 503, body: { type: 'https://podwire.io/problems/agent-away' } });
  expect(performance.now() - hungUpMs).toBeLessThan(10_000);
}, 30_000);

test('more commands than an agent has answered are refused, and nothing of them reaches it', async () => {
  await using app = await startWithNode();
  const agent = await listen(app);
  const answers = Array.from({ length: 6 }, () => order(app, { type: 'snapshot' }));
  await until(() => agent.commands[3]);
  const refused = await Promise.any(answers);
  expect(refused).toMatchObject({ status: 429, body: { type: 'https://podwire.io/problems/too-many-commands' } });
  for (const [index, { id }] of agent.commands.entries()) await answerAs(app, 2 + index, { id, outcome: 'answered' });
  const statuses = (await Promise.all(answers)).map((each) => each.status).sort();
  expect(statuses).toEqual([200, 200, 200, 200, 429, 429]);
});

test('an agent that takes a command and never answers is a timeout', async () => {
  const desk = new CommandDesk({ createId: () => 'c1', answerWithinMs: 1 });
  const lines: string[] = [];
  desk.open({ node: 'n', bootId: 'b', write: (line) => void lines.push(line), end: () => undefined });
  const answer = await desk.send('n', { type: 'snapshot' });
  expect(answer).toMatchObject({ ok: false, error: { reason: 'command-timeout' } });
  expect(lines).toEqual(['\n', '{"id":"c1","type":"snapshot"}\n']);
  desk.close();
});

test.each(['', '?node=n', '?node=&bootId=b'])('a stream without node or boot is refused: %s', async (query) => {
  await using app = await startTestServer();
  const answer = await fetch(`${app.url}/agent/v1/commands${query}`);
  expect([answer.status, answer.headers.get('content-type')]).toEqual([400, 'application/problem+json']);
});
