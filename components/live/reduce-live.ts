import type { FindingsTopology } from '#model/findings/node-finding.ts';
import type { InvocationList, LiveMessage, LiveRequest, LiveView } from '#model/protocol/live-message.ts';
import { applyTopologyDelta } from '#model/topology/apply-topology-delta.ts';
import type { ClusterTopology, NodeTopology } from '#model/topology/topology.ts';
import type { LiveModel, LiveState, LiveValue, Subscription } from './live-state.ts';
import { mergeInvocations } from './merge-invocations.ts';

/** The server says something every 2 s; after three missed words what we hold is old. */
export const SILENCE_MS = 6000;

export type LiveInput =
  | { readonly type: 'want'; readonly id: string; readonly view: LiveView }
  | { readonly type: 'drop'; readonly id: string }
  | { readonly type: 'opened' }
  | { readonly type: 'closed'; readonly attempts: number }
  | { readonly type: 'message'; readonly message: LiveMessage }
  | { readonly type: 'tick' };

export type LiveOutput = { readonly model: LiveModel; readonly requests: readonly LiveRequest[] };

const NOTHING: readonly LiveRequest[] = [];

/**
 * The whole behaviour of the live client as a pure function: what is held, what is asked, and what may be called live.
 * @param nowMs the local clock
 */
export function reduceLive(model: LiveModel, input: LiveInput, nowMs: number): LiveOutput {
  switch (input.type) {
    case 'want':
      return wantView(model, input.id, input.view);
    case 'drop': {
      const subscriptions = new Map(model.subscriptions);
      subscriptions.delete(input.id);
      const settled = settleConnection({ ...model, subscriptions }, nowMs);
      return { model: settled, requests: isOpen(model) ? [{ type: 'unsubscribe', id: input.id }] : NOTHING };
    }
    case 'opened':
      return openConnection(model, nowMs);
    case 'closed':
      return { model: loseConnection(model, input.attempts > 1 ? 'gone' : 'connecting', nowMs), requests: NOTHING };
    case 'tick': {
      const silentMs = model.lastHeardMs === undefined ? 0 : nowMs - model.lastHeardMs;
      const isSilent = isOpen(model) && model.connection.state !== 'stale' && silentMs > SILENCE_MS;
      return { model: isSilent ? loseConnection(model, 'stale', nowMs) : model, requests: NOTHING };
    }
    case 'message':
      return hearMessage(model, input.message, nowMs);
  }
}

export const toInstant = (ms: number): string => new Date(ms).toISOString();

function isOpen(model: LiveModel): boolean {
  const { state } = model.connection;
  return state === 'live' || state === 'catching-up' || state === 'stale';
}

function wantView(model: LiveModel, id: string, view: LiveView): LiveOutput {
  const subscriptions = new Map(model.subscriptions).set(id, { id, view, state: { status: 'loading' } });
  return {
    model: { ...model, subscriptions },
    requests: isOpen(model) ? [{ type: 'subscribe', id, view }] : NOTHING,
  };
}

/** A new socket knows nothing of us: everything is asked for again, and stays stale until its snapshot is there. */
function openConnection(model: LiveModel, nowMs: number): LiveOutput {
  const subscriptions = mapSubscriptions(model, ({ seq: _, ...subscription }) => subscription);
  const connection = { state: 'catching-up', since: toInstant(nowMs) } as const;
  const opened = { ...model, connection, subscriptions, lastHeardMs: nowMs };
  return {
    model: settleConnection(opened, nowMs),
    requests: [...subscriptions.values()].map(({ id, view }) => ({ type: 'subscribe', id, view })),
  };
}

function loseConnection(model: LiveModel, state: 'stale' | 'gone' | 'connecting', nowMs: number): LiveModel {
  const since = toInstant(model.lastHeardMs ?? nowMs);
  const subscriptions = mapSubscriptions(model, (subscription) => ({
    ...subscription,
    state: ageState(subscription.state, since),
  }));
  const isSame = model.connection.state === state;
  return { ...model, connection: isSame ? model.connection : { state, since }, subscriptions };
}

function ageState(state: LiveState<LiveValue>, since: string): LiveState<LiveValue> {
  return state.status === 'live' || state.status === 'missing' ? { ...state, status: 'stale', since } : state;
}

function mapSubscriptions(
  model: LiveModel,
  change: (subscription: Subscription) => Subscription,
): ReadonlyMap<string, Subscription> {
  return new Map([...model.subscriptions].map(([id, subscription]) => [id, change(subscription)]));
}

function hearMessage(model: LiveModel, message: LiveMessage, nowMs: number): LiveOutput {
  const awake = wakeUp(model, message, nowMs);
  if (awake.requests.length > 0) {
    return awake;
  }
  const applied = applyMessage(awake.model, message, nowMs);
  return { model: settleConnection(applied.model, nowMs), requests: applied.requests };
}

/** Any word breaks the silence. What was called stale may have missed deltas in between, so it is asked for again. */
function wakeUp(model: LiveModel, message: LiveMessage, nowMs: number): LiveOutput {
  const heard = { ...measureLag(model, message, nowMs), lastHeardMs: nowMs };
  return model.connection.state === 'stale' ? openConnection(heard, nowMs) : { model: heard, requests: NOTHING };
}

function measureLag(model: LiveModel, message: LiveMessage, nowMs: number): LiveModel {
  if (message.type !== 'heartbeat' && message.type !== 'hello') {
    return model;
  }
  const offsetMs = nowMs - Date.parse(message.serverTime);
  if (Number.isNaN(offsetMs)) {
    return model;
  }
  const smallestOffsetMs = Math.min(model.smallestOffsetMs ?? offsetMs, offsetMs);
  return { ...model, smallestOffsetMs, connection: { ...model.connection, lagMs: offsetMs - smallestOffsetMs } };
}

function applyMessage(model: LiveModel, message: LiveMessage, nowMs: number): LiveOutput {
  if (message.type === 'hello' || message.type === 'heartbeat' || message.type === 'error') {
    return { model, requests: NOTHING };
  }
  const subscription = model.subscriptions.get(message.id);
  if (subscription === undefined) {
    return { model, requests: NOTHING };
  }
  if (message.type.startsWith('snapshot.')) {
    const value = readSnapshot(message);
    const since = toInstant(nowMs);
    const state: LiveState<LiveValue> =
      value === undefined ? { status: 'missing', since } : { status: 'live', value, since };
    return { model: putSubscription(model, { ...subscription, seq: message.seq, state }), requests: NOTHING };
  }
  return applyChange(model, subscription, message);
}

function readSnapshot(message: LiveMessage): LiveValue | undefined {
  if (message.type === 'snapshot.cluster' || message.type === 'snapshot.node' || message.type === 'snapshot.findings') {
    return message.topology;
  }
  return message.type === 'snapshot.invocations' ? message.list : undefined;
}

function applyChange(model: LiveModel, subscription: Subscription, message: LiveMessage): LiveOutput {
  const { seq, state } = subscription;
  if (!('seq' in message) || seq === undefined || message.seq <= seq) {
    return { model, requests: NOTHING };
  }
  const value = state.value === undefined ? undefined : changeValue(subscription.view, state.value, message);
  if (message.seq !== seq + 1 || value === undefined) {
    return askAgain(model, subscription);
  }
  return {
    model: putSubscription(model, { ...subscription, seq: message.seq, state: { ...state, value } }),
    requests: NOTHING,
  };
}

/** A hole in the numbers: what we hold is not what the collector holds. */
function askAgain(model: LiveModel, { seq: _, ...subscription }: Subscription): LiveOutput {
  const { id, view, state } = subscription;
  const aged = { ...subscription, state: ageState(state, toInstant(model.lastHeardMs ?? 0)) };
  return { model: putSubscription(model, aged), requests: [{ type: 'subscribe', id, view }] };
}

function changeValue(view: LiveView, value: LiveValue, message: LiveMessage): LiveValue | undefined {
  if (message.type === 'delta' && view.kind === 'cluster') {
    return applyTopologyDelta(value as ClusterTopology, message.delta);
  }
  if (message.type === 'delta' && view.kind === 'node') {
    return applyTopologyDelta(value as NodeTopology, message.delta);
  }
  if (message.type === 'delta' && view.kind === 'findings') {
    return applyTopologyDelta(value as FindingsTopology, message.delta);
  }
  if (message.type === 'invocations' && view.kind === 'invocations') {
    return mergeInvocations(value as InvocationList, message.invocations);
  }
  return undefined;
}

function putSubscription(model: LiveModel, subscription: Subscription): LiveModel {
  return { ...model, subscriptions: new Map(model.subscriptions).set(subscription.id, subscription) };
}

/** Catching up ends when every view has its snapshot; a lost number starts it again. */
function settleConnection(model: LiveModel, nowMs: number): LiveModel {
  if (model.connection.state !== 'live' && model.connection.state !== 'catching-up') {
    return model;
  }
  const isWaiting = [...model.subscriptions.values()].some(
    ({ seq, state }) => seq === undefined && state.status !== 'loading',
  );
  const state = isWaiting ? 'catching-up' : 'live';
  return state === model.connection.state
    ? model
    : { ...model, connection: { ...model.connection, state, since: toInstant(nowMs) } };
}
