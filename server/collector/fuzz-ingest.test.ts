import { Agent, request } from 'node:http';
import { connect } from 'node:net';
import { gunzipSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { BatchReceipt } from '#model/protocol/agent-batch.ts';
import { LiveMessage } from '#model/protocol/live-message.ts';
import { Problem } from '#model/protocol/problem.ts';
import { ClusterBody, EventsBody, FindingsBody, NodeBody } from '#model/protocol/rest.ts';
import { buildInvocation, buildSnapshot } from '#model/testing/build-node.ts';
import { pickOddText, pickOddValue } from '#model/testing/fuzz/odd-values.ts';
import { SeededRandom } from '#model/testing/fuzz/seeded-random.ts';
import { REMEMBERED_BATCHES } from '../store/store.ts';
import { BatchFuzzer, type FuzzInput } from '../testing/fuzz-batch.ts';
import { LiveBrowser } from '../testing/live-browser.ts';
import { startTestServer, type TestServer } from '../testing/start-test-server.ts';

const INPUTS = Number(process.env.PODWIRE_FUZZ_INPUTS) || 5_000;
const SEED = Number(process.env.PODWIRE_FUZZ_SEED) || 20_261_125;
/** What may be asked of the API with a name in the path, and what may be sent to it. */
const PATHS = ['nodes', 'pods', 'events', 'findings', 'lab/nodes', 'nodes/good/commands', 'nodes/good/kernel', '', 'x'];
const METHODS = ['GET', 'POST', 'PUT', 'DELETE', 'PATCH', 'HEAD', 'OPTIONS'];

type Answer = { readonly status: number; readonly type: string; readonly text: string };

function send(agent: Agent, where: object, input: { readonly body?: Buffer | string }): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const sent = request({ agent, ...where }, (answer) => {
      const parts: Buffer[] = [];
      answer.on('data', (part: Buffer) => parts.push(part));
      answer.on('end', () => {
        const text = Buffer.concat(parts).toString();
        resolve({ status: answer.statusCode ?? 0, type: String(answer.headers['content-type'] ?? ''), text });
      });
    });
    sent.on('error', reject).end(input.body);
  });
}

/** What the log must hold: every event of an acknowledged batch that was not one before, the first of each id. */
class Expected {
  readonly events = new Map<string, { readonly node: string; readonly pod: string | undefined }>();
  readonly #batches = new Map<string, Set<number>>();
  /** Of each node the boots whose batches are remembered: the newest, and the one before. */
  readonly #boots = new Map<string, readonly string[]>();

  add(input: FuzzInput): void {
    const bytes = input.headers['content-encoding'] === 'gzip' ? gunzipSync(input.body) : input.body;
    const [header, ...records] = bytes
      .toString()
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line));
    const boot = JSON.stringify([header.node, header.bootId]);
    const known = this.#batches.get(boot) ?? new Set();
    this.#batches.set(boot, known);
    if (known.has(header.sequence)) return;
    known.add(header.sequence);
    this.#rememberBoot(header.node, boot);
    // The store remembers so many numbers behind the newest one of a boot; a leap of the numbers forgets the older ones.
    for (const each of known) if (each <= header.sequence - REMEMBERED_BATCHES) known.delete(each);
    for (const { type, event } of records) {
      if (type !== 'invocation' || this.events.has(event.id)) continue;
      // A name with a slash in it is no pod's: the event is kept, and joined with none.
      const name: unknown = event.data.pod?.name;
      const isPod = [name, event.data.pod?.namespace].every((part) => typeof part === 'string' && /^[^/]+$/.test(part));
      this.events.set(event.id, { node: header.node, pod: isPod ? String(name) : undefined });
    }
  }

  #rememberBoot(node: string, boot: string): void {
    const [newest, ...older] = this.#boots.get(node) ?? [];
    if (newest === boot) return;
    for (const each of older) if (each !== boot) this.#batches.delete(each);
    this.#boots.set(node, newest === undefined ? [boot] : [boot, newest]);
  }
}

/** An agent and a browser to whom nothing may happen while the others misbehave. */
async function startBystanders(app: TestServer) {
  const browser = new LiveBrowser(app.url);
  await browser.opened();
  const foreign: string[] = [];
  browser.socket.on('message', (data) => {
    const parsed = LiveMessage.safeParse(JSON.parse(String(data)));
    if (!parsed.success) foreign.push(`${parsed.error.message} ${String(data).slice(0, 300)}`);
  });
  browser.subscribe('good', { kind: 'node', node: 'good' });
  browser.subscribe('fuzzed', { kind: 'node', node: 'fuzz-0' });
  browser.subscribe('cluster', { kind: 'cluster' });
  browser.subscribe('all', { kind: 'invocations' });
  browser.subscribe('findings', { kind: 'findings' });
  let sequence = 0;
  const post = async () => {
    sequence += 1;
    const event = { ...buildInvocation('ADD', 1, { id: `good-${sequence}` }), source: '/nodes/good/plugin' };
    const snapshot = buildSnapshot([1 + (sequence % 3)], sequence, 'good');
    const records = [
      { type: 'invocation', event } as const,
      { type: 'kernel.snapshot', snapshot: { ...snapshot, bootId: 'good' } } as const,
    ];
    const answer = await app.post(sequence, records, { node: 'good', bootId: 'good' });
    expect(answer).toEqual({ status: 200, body: { acknowledged: sequence, needsSnapshot: false } });
  };
  return { browser, foreign, post, readSequence: () => sequence };
}

async function listEvents(app: TestServer) {
  const events: EventsBody['events'] = [];
  for (let cursor = ''; ; ) {
    const { body } = await app.get(`/api/v1/events?limit=1000${cursor}`);
    const page = EventsBody.parse(body);
    events.push(...page.events);
    if (page.cursor === undefined) return events;
    cursor = `&cursor=${page.cursor}`;
  }
}

function requireProblem(answer: Answer, what: string): void {
  expect(`${what}: ${answer.status} ${answer.type}`).toMatch(/: 4\d\d application\/problem\+json$/);
  const problem = Problem.parse(JSON.parse(answer.text));
  expect(problem.status).toBe(answer.status);
  // A problem is not as long as what it is about.
  expect(answer.text.length).toBeLessThan(2_000);
}

test(`${INPUTS} bad batches from seed ${SEED}: a problem each, nothing of them stored, nobody else disturbed`, {
  timeout: 300_000,
}, async () => {
  await using app = await startTestServer();
  const fuzzer = new BatchFuzzer(new SeededRandom(SEED));
  const expected = new Expected();
  const bystanders = await startBystanders(app);
  const counts = { taken: 0, refused: 0 };
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  const where = { socketPath: app.config.collectorSocket, path: '/agent/v1/batches', method: 'POST' };
  for (let index = 0; index < INPUTS; index += 1) {
    const input = fuzzer.next();
    const answer = await send(agent, { ...where, headers: input.headers }, input);
    if (answer.status === 200) {
      BatchReceipt.parse(JSON.parse(answer.text));
      expected.add(input);
      counts.taken += 1;
    } else {
      requireProblem(answer, `input ${index} (${input.what})`);
      counts.refused += 1;
    }
    if (index % 100 === 0) await bystanders.post();
  }
  agent.destroy();
  expect(counts.taken).toBeGreaterThan(INPUTS / 20);
  expect(counts.refused).toBeGreaterThan(INPUTS / 4);

  const stored = (await listEvents(app)).filter((each) => each.node !== 'good');
  const found = new Map(stored.map((each) => [each.id, each]));
  expect([...found.keys()].sort()).toEqual([...expected.events.keys()].sort());
  for (const [id, { node, pod }] of expected.events) {
    expect(found.get(id)).toMatchObject({ node, ...(pod !== undefined && { pod: expect.stringContaining(pod) }) });
  }
  await requireWhole(app, bystanders);
  const metrics = await (await fetch(`${app.url}/metrics`)).text();
  expect(metrics).toContain(`podwire_ingest_batches_total{outcome="refused"} ${counts.refused}`);
  const read = (outcome: string) => Number(new RegExp(`outcome="${outcome}"} (\\d+)`).exec(metrics)?.[1]);
  expect(read('accepted') + read('duplicate')).toBe(counts.taken + bystanders.readSequence());
});

/** Every answer keeps its contract, and the browser holds what REST says of the node that nobody fuzzed. */
async function requireWhole(app: TestServer, bystanders: Awaited<ReturnType<typeof startBystanders>>): Promise<void> {
  const { browser, foreign, readSequence } = bystanders;
  await bystanders.post();
  const cluster = ClusterBody.parse((await app.get('/api/v1/cluster')).body);
  for (const name of Object.keys(cluster.nodes)) {
    NodeBody.parse((await app.get(`/api/v1/nodes/${encodeURIComponent(name)}`)).body);
  }
  FindingsBody.parse((await app.get('/api/v1/findings')).body);
  const { body } = await app.get('/api/v1/nodes/good');
  await expect.poll(() => browser.held.get('good'), { timeout: 30_000 }).toEqual(body);
  expect(browser.gaps).toEqual([]);
  expect(foreign).toEqual([]);
  const good = (await listEvents(app)).filter((each) => each.node === 'good');
  expect(good).toHaveLength(readSequence());
  browser.socket.terminate();
}

test('odd requests to the API are answered, none with a failure of Podwire', { timeout: 120_000 }, async () => {
  await using app = await startTestServer();
  await app.post(1, [{ type: 'kernel.snapshot', snapshot: buildSnapshot([1], 1, 'good') }], { node: 'good' });
  const random = new SeededRandom(SEED);
  const agent = new Agent({ keepAlive: true, maxSockets: 4 });
  for (let index = 0; index < 1_000; index += 1) {
    const name = encodeURIComponent(pickOddText(random).toWellFormed().slice(0, 2_000));
    const query = random.isTrue(0.5) ? `?${random.pick(['node', 'limit', 'cursor', 'from', 'q', 'pod'])}=${name}` : '';
    const path = `/api/v1/${random.pick(PATHS)}${random.isTrue(0.5) ? `/${name}` : ''}${query}`;
    const method = random.pick(METHODS);
    const hasBody = method === 'POST' || method === 'PUT' || method === 'PATCH';
    const body = hasBody ? JSON.stringify(pickOddValue(random)) : undefined;
    const headers = hasBody ? { 'content-type': random.pick(['application/json', 'text/plain', '']) } : {};
    const where = { host: '127.0.0.1', port: app.server.port, method, path, headers };
    const answer = await send(agent, where, body === undefined ? {} : { body });
    const line = `${method} ${path}`;
    expect(`${line} ${answer.status}`).toMatch(/ [24]\d\d$| 503$/);
    if (answer.status >= 400 && method !== 'HEAD')
      expect(`${line} ${answer.type}`).toMatch(/application\/problem\+json/);
  }
  agent.destroy();
  expect((await app.get('/api/v1/nodes/good')).status).toBe(200);
});

test.each([
  'GET / HTTP/9.9\r\n\r\n',
  '\0\0\0\0',
  'POST /agent/v1/batches HTTP/1.1\r\nContent-Length: -1\r\n\r\n',
  'x'.repeat(100_000),
])('bytes that are no HTTP end their own connection and nothing else', async (bytes) => {
  await using app = await startTestServer();
  const socket = connect(app.server.port, '127.0.0.1');
  const closed = new Promise((resolve) => socket.on('close', resolve).on('error', resolve));
  socket.write(bytes);
  socket.resume();
  await closed;
  expect((await app.get('/api/v1/cluster')).status).toBe(200);
});
