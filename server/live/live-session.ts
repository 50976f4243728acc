import { type LiveMessage, LiveRequest, type LiveView, type TopologyDelta } from '#model/protocol/live-message.ts';
import type { ClusterTopology, InvocationSummary, NodeTopology } from '#model/topology/topology.ts';
import type { LiveSource } from './live-source.ts';

/** The part of a WebSocket that a session needs. */
export type LiveSocket = { send(text: string): void; readonly bufferedAmount: number };

/** Beyond this much unsent text a browser is behind: it gets one fresh snapshot when it has caught up, not a queue. */
export const BEHIND_BYTES = 1 << 20;
const MOST_SUBSCRIPTIONS = 64;

type Subscription = { readonly id: string; readonly view: LiveView; seq: number; isBehind: boolean };
type Payload<M> = M extends { id: string; seq: number } ? Omit<M, 'id' | 'seq'> : never;

/** One browser: its subscriptions, each with its own numbering. */
export class LiveSession {
  readonly #socket: LiveSocket;
  readonly #source: LiveSource;
  readonly #subscriptions = new Map<string, Subscription>();

  constructor(socket: LiveSocket, source: LiveSource) {
    this.#socket = socket;
    this.#source = source;
  }

  receive(text: string): void {
    const request = parseRequest(text);
    if (request === undefined) {
      this.send({ type: 'error', message: 'Not a subscribe or unsubscribe request.' });
    } else if (request.type === 'unsubscribe') {
      this.#subscriptions.delete(request.id);
    } else if (this.#subscriptions.size >= MOST_SUBSCRIPTIONS && !this.#subscriptions.has(request.id)) {
      this.send({ type: 'error', id: request.id, message: `More than ${MOST_SUBSCRIPTIONS} subscriptions.` });
    } else {
      const seq = this.#subscriptions.get(request.id)?.seq ?? 0;
      const subscription = { id: request.id, view: request.view, seq, isBehind: true };
      this.#subscriptions.set(request.id, subscription);
      this.#sendSnapshot(subscription);
    }
  }

  send(message: LiveMessage): void {
    this.#socket.send(JSON.stringify(message));
  }

  isWatching(name: string): boolean {
    for (const { view } of this.#subscriptions.values()) if (view.kind === 'node' && view.node === name) return true;
    return false;
  }

  nodeChanged(name: string, topology: NodeTopology | undefined, delta: TopologyDelta | undefined): void {
    for (const each of this.#subscriptions.values()) {
      if (each.view.kind !== 'node' || each.view.node !== name) continue;
      if (delta !== undefined) this.#sendChange(each, { type: 'delta', delta });
      else this.#sendChange(each, { type: 'snapshot.node', ...(topology !== undefined && { topology }) });
    }
  }

  clusterChanged(_topology: ClusterTopology, delta: TopologyDelta): void {
    for (const each of this.#subscriptions.values()) {
      if (each.view.kind === 'cluster') this.#sendChange(each, { type: 'delta', delta });
    }
  }

  invocationsArrived(node: string, invocations: readonly InvocationSummary[]): void {
    for (const each of this.#subscriptions.values()) {
      const { view } = each;
      if (view.kind !== 'invocations' || (view.node !== undefined && view.node !== node)) continue;
      const wanted = view.pod === undefined ? invocations : invocations.filter((one) => one.pod === view.pod);
      if (wanted.length > 0) this.#sendChange(each, { type: 'invocations', invocations: [...wanted] });
    }
  }

  /** Gives a fresh snapshot to what fell behind, once the socket has drained. */
  catchUp(): void {
    if (this.#socket.bufferedAmount > BEHIND_BYTES / 2) return;
    for (const each of this.#subscriptions.values()) {
      if (each.isBehind && this.#socket.bufferedAmount <= BEHIND_BYTES) this.#sendSnapshot(each);
    }
  }

  #sendChange(subscription: Subscription, payload: Payload<LiveMessage>): void {
    if (subscription.isBehind || this.#socket.bufferedAmount > BEHIND_BYTES) {
      subscription.isBehind = true;
      return;
    }
    this.#sendNumbered(subscription, payload);
  }

  #sendSnapshot(subscription: Subscription): void {
    // Reading may recompute and so tell of changes that the snapshot already holds: they are not for this subscription.
    subscription.isBehind = true;
    const payload = this.#readSnapshot(subscription.view);
    subscription.isBehind = false;
    this.#sendNumbered(subscription, payload);
  }

  #readSnapshot(view: LiveView): Payload<LiveMessage> {
    if (view.kind === 'cluster') return { type: 'snapshot.cluster', topology: this.#source.cluster() };
    if (view.kind === 'invocations') return { type: 'snapshot.invocations', list: this.#source.invocations(view) };
    const topology = this.#source.node(view.node);
    return { type: 'snapshot.node', ...(topology !== undefined && { topology }) };
  }

  #sendNumbered(subscription: Subscription, payload: Payload<LiveMessage>): void {
    subscription.seq += 1;
    const { type, ...rest } = payload;
    this.#socket.send(JSON.stringify({ type, id: subscription.id, seq: subscription.seq, ...rest }));
  }
}

function parseRequest(text: string): LiveRequest | undefined {
  try {
    return LiveRequest.safeParse(JSON.parse(text)).data;
  } catch {
    return undefined;
  }
}
