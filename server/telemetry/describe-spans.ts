import { createHash } from 'node:crypto';
import {
  type Attributes,
  createTraceState,
  type HrTime,
  type SpanContext,
  SpanKind,
  SpanStatusCode,
  TraceFlags,
} from '@opentelemetry/api';
import type { Resource } from '@opentelemetry/resources';
import type { ReadableSpan } from '@opentelemetry/sdk-trace';
import type { InvocationEvent, InvocationStep } from '#model/cni/invocation-event.ts';

type Given = { readonly node: string; readonly event: InvocationEvent; readonly resource: Resource };

const SCOPE = { name: 'podwire.cni' } as const;
/** W3C Trace Context, section 3.2.2.5. */
const SAMPLED_BIT = 1;

/**
 * One span for the invocation and a child for each of its steps, as they were: an event says when everything began and how
 * long it took. With the caller's `traceparent` they hang below the caller's span, and there are none where the caller does not
 * sample. Without it the trace's id is the event's own, 16 bytes both, so that one leads to the other. The same event always
 * gives the same ids.
 */
export function describeSpans({ node, event, resource }: Given): readonly ReadableSpan[] {
  const parent = readParent(event);
  if (parent !== undefined && (parent.traceFlags & SAMPLED_BIT) === 0) return [];
  const traceId = parent?.traceId ?? nameTrace(event.id);
  const startUs = readMicroseconds(event.data.startedAt);
  const make = (name: string, key: string) => ({
    ...EMPTY,
    name,
    resource,
    spanContext: () => ({
      ...parent,
      traceId,
      spanId: hashSpanId(key),
      traceFlags: TraceFlags.SAMPLED,
      isRemote: false,
    }),
  });
  const invocation: ReadableSpan = {
    ...make(`CNI ${event.data.verb}`, event.id),
    ...(parent !== undefined && { parentSpanContext: parent }),
    ...describeTime(startUs, event.data.durationUs),
    ...describeOutcome(event.data.outcome, event.data.error?.msg),
    attributes: describeInvocation(node, event),
  };
  const steps = event.data.steps.map(
    (step, index): ReadableSpan => ({
      ...make(step.name, `${event.id}/${index}`),
      parentSpanContext: invocation.spanContext(),
      ...describeTime(startUs + BigInt(step.startUs), step.durationUs),
      ...describeOutcome(step.outcome, step.error),
      attributes: describeStep(step),
    }),
  );
  return [invocation, ...steps];
}

const EMPTY = {
  kind: SpanKind.INTERNAL,
  links: [],
  events: [],
  ended: true,
  instrumentationScope: SCOPE,
  droppedAttributesCount: 0,
  droppedEventsCount: 0,
  droppedLinksCount: 0,
} as const satisfies Partial<ReadableSpan>;

/** `version-traceid-parentid-flags`; the schema has checked its form. */
function readParent({ traceparent, tracestate }: InvocationEvent): SpanContext | undefined {
  const [, traceId, spanId, flags] = traceparent?.split('-') ?? [];
  if (traceId === undefined || spanId === undefined || flags === undefined) return undefined;
  return {
    traceId,
    spanId,
    traceFlags: Number.parseInt(flags, 16),
    isRemote: true,
    ...(tracestate !== undefined && { traceState: createTraceState(tracestate) }),
  };
}

/** The event's id is a UUID (version 7); whatever else somebody sent is hashed. */
function nameTrace(id: string): string {
  const hex = id.replaceAll('-', '').toLowerCase();
  return /^(?!0{32})[0-9a-f]{32}$/.test(hex) ? hex : createHash('sha256').update(id).digest('hex').slice(0, 32);
}

const hashSpanId = (key: string): string => createHash('sha256').update(key).digest('hex').slice(0, 16);

/** Since 1970, from RFC 3339 in UTC with up to six digits of a second; `Date` alone would lose three of them. */
function readMicroseconds(time: string): bigint {
  const [, whole = '', fraction = '', zone = 'Z'] = /^(.*?)(?:\.(\d+))?(Z|[+-]\d\d:\d\d)$/i.exec(time) ?? [];
  const seconds = Date.parse(`${whole}${zone}`) / 1000;
  if (Number.isNaN(seconds)) return 0n;
  return BigInt(seconds) * 1_000_000n + BigInt(fraction.slice(0, 6).padEnd(6, '0'));
}

const toHrTime = (us: bigint): HrTime => [Number(us / 1_000_000n), Number(us % 1_000_000n) * 1000];

const describeTime = (startUs: bigint, durationUs: number) => ({
  startTime: toHrTime(startUs),
  endTime: toHrTime(startUs + BigInt(durationUs)),
  duration: toHrTime(BigInt(durationUs)),
});

const describeOutcome = (outcome: 'ok' | 'error', message: string | undefined) => ({
  status:
    outcome === 'ok'
      ? { code: SpanStatusCode.UNSET }
      : { code: SpanStatusCode.ERROR, ...(message !== undefined && { message }) },
});

/** Names of OpenTelemetry's semantic conventions where they have one. No configuration: it may be long, and is in the event. */
function describeInvocation(node: string, { id, data }: InvocationEvent): Attributes {
  return withoutAbsent({
    'k8s.node.name': node,
    'k8s.namespace.name': data.pod?.namespace,
    'k8s.pod.name': data.pod?.name,
    'k8s.pod.uid': data.pod?.uid,
    'container.id': data.env.containerId,
    'network.interface.name': data.env.ifName,
    'podwire.event.id': id,
    'podwire.cni.verb': data.verb,
    'podwire.cni.mode': data.mode,
    'podwire.cni.network': data.network,
    'podwire.cni.version': data.cniVersion,
    'podwire.cni.error.code': data.error?.code,
    'podwire.plugin.version': data.pluginVersion,
    'process.exit.code': data.exitCode,
  });
}

const describeStep = ({ command, object, undone }: InvocationStep): Attributes =>
  withoutAbsent({ 'podwire.step.command': command, 'podwire.step.object': object, 'podwire.step.undone': undone });

function withoutAbsent(attributes: Attributes): Attributes {
  return Object.fromEntries(Object.entries(attributes).filter(([, value]) => value !== undefined));
}
