import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import pino from 'pino';
import { afterEach, expect, test, vi } from 'vitest';
import type { Invocation, InvocationEvent } from '#model/cni/invocation-event.ts';
import { buildInvocation } from '#model/testing/build-node.ts';
import { startTestServer } from '../testing/start-test-server.ts';
import { SpanExport } from './span-export.ts';

type Span = {
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId?: string;
  readonly name: string;
  readonly startTimeUnixNano: string;
  readonly endTimeUnixNano: string;
  readonly attributes: readonly { readonly key: string; readonly value: Record<string, unknown> }[];
  readonly status: { readonly code?: number; readonly message?: string };
};
type Body = {
  readonly resourceSpans: readonly {
    readonly resource: Pick<Span, 'attributes'>;
    readonly scopeSpans: readonly { readonly spans: readonly Span[] }[];
  }[];
};

afterEach(() => vi.unstubAllEnvs());

/** What an OpenTelemetry collector does with OTLP over HTTP, without keeping it longer than the test. */
async function startReceiver(answer = { status: 200 }) {
  const bodies: Body[] = [];
  const headers: (string | undefined)[] = [];
  let arrived = Promise.withResolvers<void>();
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      if (answer.status === 200 && request.url === '/v1/traces') {
        headers.push(request.headers['content-type']);
        bodies.push(JSON.parse(Buffer.concat(chunks).toString()) as Body);
      }
      response.writeHead(answer.status, { 'content-type': 'application/json' }).end('{}');
      arrived.resolve();
      arrived = Promise.withResolvers();
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  vi.stubEnv('OTEL_EXPORTER_OTLP_ENDPOINT', `http://127.0.0.1:${(server.address() as AddressInfo).port}`);
  return {
    answer,
    headers,
    bodies,
    arrival: () => arrived.promise,
    spans: () =>
      bodies.flatMap((body) => body.resourceSpans.flatMap((each) => each.scopeSpans.flatMap(({ spans }) => spans))),
    [Symbol.asyncDispose]: async () => {
      server.close();
      server.closeAllConnections();
      await once(server, 'close');
    },
  };
}

const makeExport = () => new SpanExport({ log: pino({ level: 'silent' }), version: '1.2.3' });
const ID = '0190b3c0-1234-7abc-8def-0123456789ab';
const PARENT = { traceId: '0af7651916cd43dd8448eb211c80319c', spanId: 'b7ad6b7169203331' };

function invocation(data: Partial<Invocation> = {}, envelope: Partial<InvocationEvent> = {}): InvocationEvent {
  const event = buildInvocation('ADD', 1, { id: ID });
  const startedAt = '2026-11-25T15:00:00.000123Z';
  return { ...event, ...envelope, data: { ...event.data, startedAt, durationUs: 2_000, ...data } };
}
const step = (name: string, startUs: number, rest: object = {}) =>
  ({ name, startUs, durationUs: 10, outcome: 'ok', ...rest }) as const;
const attributesOf = (span: Pick<Span, 'attributes'>) =>
  Object.fromEntries(span.attributes.map(({ key, value }) => [key, Object.values(value)[0]]));

test('an ADD that an agent posts becomes a span with a child for each step, at the times they took', async () => {
  await using receiver = await startReceiver();
  const spanExport = makeExport();
  await using app = await startTestServer(undefined, spanExport);
  const steps = [
    step('ipam.reserve', 100, { object: '10.240.2.2' }),
    step('veth.create', 200, { command: 'ip link add' }),
  ];
  await app.post(1, [{ type: 'invocation', event: invocation({ steps }) }]);
  await app.post(1, [{ type: 'invocation', event: invocation({ steps }) }]);
  await spanExport[Symbol.asyncDispose]();
  const [add, ...children] = receiver.spans();
  expect(receiver.headers).toEqual(['application/json']);
  expect(add).toMatchObject({
    traceId: ID.replaceAll('-', ''),
    name: 'CNI ADD',
    startTimeUnixNano: `${BigInt(Date.parse('2026-11-25T15:00:00Z')) * 1_000_000n + 123_000n}`,
    endTimeUnixNano: `${BigInt(Date.parse('2026-11-25T15:00:00Z')) * 1_000_000n + 2_123_000n}`,
    status: { code: 0 },
  });
  expect(add?.parentSpanId).toBeUndefined();
  expect(attributesOf(add!)).toMatchObject({
    'k8s.node.name': 'k8s-node01',
    'k8s.namespace.name': 'default',
    'k8s.pod.name': 'pod1',
    'podwire.cni.verb': 'ADD',
    'podwire.event.id': ID,
  });
  expect(children.map(({ name, parentSpanId, traceId }) => [name, parentSpanId, traceId])).toEqual([
    ['ipam.reserve', add?.spanId, add?.traceId],
    ['veth.create', add?.spanId, add?.traceId],
  ]);
  expect(children.map(({ startTimeUnixNano }) => BigInt(startTimeUnixNano) - BigInt(add!.startTimeUnixNano))).toEqual([
    100_000n,
    200_000n,
  ]);
  expect(new Set(receiver.spans().map(({ spanId }) => spanId)).size).toBe(3);
  expect(attributesOf(receiver.bodies[0]!.resourceSpans[0]!.resource)).toMatchObject({
    'service.name': 'podwire',
    'service.version': '1.2.3',
  });
});

test('spans hang below the span of the runtime that called, and are as sampled as that is', async () => {
  await using receiver = await startReceiver();
  const spanExport = makeExport();
  const traceparent = (flags: string) => `00-${PARENT.traceId}-${PARENT.spanId}-${flags}`;
  const sampled = invocation({ steps: [step('ipam.reserve', 1)] }, { traceparent: traceparent('01') });
  const unsampled = invocation({ steps: [step('route.add', 1)] }, { id: 'other', traceparent: traceparent('00') });
  spanExport.add('k8s-node01', [sampled, unsampled]);
  await spanExport[Symbol.asyncDispose]();
  expect(receiver.spans().map(({ name, traceId }) => [name, traceId])).toEqual([
    ['CNI ADD', PARENT.traceId],
    ['ipam.reserve', PARENT.traceId],
  ]);
  expect(receiver.spans()[0]?.parentSpanId).toBe(PARENT.spanId);
});

test('an ADD that failed says so, with the step that failed and the one that was taken back', async () => {
  await using receiver = await startReceiver();
  const spanExport = makeExport();
  const error = { code: 11, msg: 'no address is left' };
  const steps = [
    step('veth.create', 1, { undone: true }),
    step('ipam.reserve', 2, { outcome: 'error', error: error.msg }),
  ];
  spanExport.add('k8s-node01', [invocation({ outcome: 'error', exitCode: 1, error, steps })]);
  await spanExport[Symbol.asyncDispose]();
  const [add, taken, failed] = receiver.spans();
  expect([add?.status, failed?.status]).toEqual([
    { code: 2, message: error.msg },
    { code: 2, message: error.msg },
  ]);
  expect(attributesOf(add!)).toMatchObject({ 'podwire.cni.error.code': 11, 'process.exit.code': 1 });
  expect(attributesOf(taken!)).toMatchObject({ 'podwire.step.undone': true });
});

test('a receiver that refuses costs spans, which are counted, and no event: the store has every one', async () => {
  await using receiver = await startReceiver({ status: 400 });
  const spanExport = makeExport();
  await using app = await startTestServer(undefined, spanExport);
  const arrival = receiver.arrival();
  expect((await app.post(1, [{ type: 'invocation', event: invocation() }])).status).toBe(200);
  await arrival;
  await vi.waitFor(() => expect(spanExport.counts.droppedExportFailed).toBe(1), { timeout: 15_000 });
  receiver.answer.status = 200;
  await app.post(2, [{ type: 'invocation', event: invocation({}, { id: 'second' }) }]);
  await spanExport[Symbol.asyncDispose]();
  expect(spanExport.counts).toEqual({ exported: 1, droppedQueueFull: 0, droppedExportFailed: 1 });
  const metrics = await (await fetch(`${app.url}/metrics`)).text();
  expect(metrics).toContain('podwire_traced_invocations_total{outcome="dropped_export_failed"} 1');
  expect(((await app.get('/api/v1/events')).body as { events: unknown[] }).events).toHaveLength(2);
});

test('a storm beyond the queue drops whole invocations and tells how many', async () => {
  await using receiver = await startReceiver();
  const spanExport = makeExport();
  const storm = Array.from({ length: 2_500 }, (_, index) =>
    invocation({ steps: [step('a', 1)] }, { id: `event-${index}` }),
  );
  spanExport.add('k8s-node01', storm);
  expect(spanExport.counts.droppedQueueFull).toBe(500);
  await spanExport[Symbol.asyncDispose]();
  expect(receiver.spans()).toHaveLength(4_000);
  expect(spanExport.counts).toEqual({ exported: 2_000, droppedQueueFull: 500, droppedExportFailed: 0 });
});
