import { type LiveMessage, LiveRequest, type LiveView } from '#model/protocol/live-message.ts';
import { RequestLimit } from './limit-requests.ts';
import { type Encoded, numberMessage, topicKey } from './live-topic.ts';

/** The part of a WebSocket that a session needs. `body` continues the message that `head` begins. */
export type LiveSocket = {
  send(head: string, body?: Buffer): void;
  end(code: number, reason: string): void;
  readonly bufferedAmount: number;
};

/** What the session takes from the hub. */
export type SessionSource = {
  /** The view as it is now, serialised once for all. */
  readonly readSnapshot: (view: LiveView) => Encoded;
  /** False while all browsers together hold back too much for one more snapshot to be queued. */
  readonly hasRoom: () => boolean;
  readonly nowMs: () => number;
  /** The session has its first subscription of this view's topic, or has lost its last one. */
  readonly follow: (view: LiveView, isFollowed: boolean) => void;
  /** A subscription fell behind, and will have a snapshot instead of what it missed. */
  readonly fellBehind: () => void;
};

/** Beyond this much unsent text a browser is behind: it gets one fresh snapshot when it has caught up, not a queue. */
export const BEHIND_BYTES = 1 << 20;
const MOST_SUBSCRIPTIONS = 64;

type Subscription = {
  readonly id: string;
  readonly view: LiveView;
  readonly topic: string;
  seq: number;
  isBehind: boolean;
};

/**
 * One browser: its subscriptions, each with its own numbering. What it holds back is bounded: changes stop at BEHIND_BYTES,
 * and a snapshot is queued only below that, so at most one snapshot stands beyond it.
 */
export class LiveSession {
  readonly #socket: LiveSocket;
  readonly #source: SessionSource;
  readonly #subscriptions = new Map<string, Subscription>();
  readonly #limit: RequestLimit;
  #isScolded = false;

  constructor(socket: LiveSocket, source: SessionSource) {
    this.#socket = socket;
    this.#source = source;
    this.#limit = new RequestLimit(source.nowMs());
  }

  receive(text: string): void {
    const verdict = this.#limit.judge(this.#source.nowMs());
    if (verdict === 'take') this.#isScolded = false;
    if (verdict === 'end') this.#socket.end(1008, 'too many requests');
    if (verdict === 'excess' && !this.#isScolded) {
      this.#isScolded = true;
      this.send({ type: 'error', message: 'Too many requests: this one and those at its heels are not answered.' });
    }
    if (verdict === 'take') this.#answer(parseRequest(text));
  }

  send(message: LiveMessage): void {
    this.#socket.send(JSON.stringify(message));
  }

  /** One change of a topic, to every subscription of it. */
  change(topic: string, payload: Encoded): void {
    for (const each of this.#subscriptions.values()) {
      if (each.topic !== topic || each.isBehind) continue;
      if (this.#socket.bufferedAmount > BEHIND_BYTES) this.#fallBehind(each);
      else this.#sendNumbered(each, payload);
    }
  }

  /** The browser is gone. */
  close(): void {
    for (const id of [...this.#subscriptions.keys()]) this.#drop(id);
  }

  /** Gives a fresh snapshot to what fell behind, once the socket has drained. */
  catchUp(): void {
    if (this.#socket.bufferedAmount > BEHIND_BYTES / 2) return;
    for (const each of this.#subscriptions.values()) if (each.isBehind) this.#sendSnapshot(each);
  }

  #answer(request: LiveRequest | undefined): void {
    if (request === undefined) {
      this.send({ type: 'error', message: 'Not a subscribe or unsubscribe request.' });
    } else if (request.type === 'unsubscribe') {
      this.#drop(request.id);
    } else if (this.#subscriptions.size >= MOST_SUBSCRIPTIONS && !this.#subscriptions.has(request.id)) {
      this.send({ type: 'error', id: request.id, message: `More than ${MOST_SUBSCRIPTIONS} subscriptions.` });
    } else {
      const { id, view } = request;
      const seq = this.#subscriptions.get(id)?.seq ?? 0;
      const subscription = { id, view, topic: topicKey(view), seq, isBehind: true };
      this.#drop(id);
      if (!this.#follows(subscription.topic)) this.#source.follow(view, true);
      this.#subscriptions.set(id, subscription);
      this.#sendSnapshot(subscription);
    }
  }

  #drop(id: string): void {
    const dropped = this.#subscriptions.get(id);
    this.#subscriptions.delete(id);
    if (dropped !== undefined && !this.#follows(dropped.topic)) this.#source.follow(dropped.view, false);
  }

  #follows(topic: string): boolean {
    for (const each of this.#subscriptions.values()) if (each.topic === topic) return true;
    return false;
  }

  #fallBehind(subscription: Subscription): void {
    subscription.isBehind = true;
    this.#source.fellBehind();
  }

  #sendSnapshot(subscription: Subscription): void {
    if (this.#socket.bufferedAmount > BEHIND_BYTES || !this.#source.hasRoom()) return;
    // Reading may recompute and so tell of changes that the snapshot already holds: they are not for this subscription.
    const snapshot = this.#source.readSnapshot(subscription.view);
    subscription.isBehind = false;
    this.#sendNumbered(subscription, snapshot);
  }

  #sendNumbered(subscription: Subscription, { type, body }: Encoded): void {
    subscription.seq += 1;
    this.#socket.send(numberMessage(type, subscription.id, subscription.seq), body);
  }
}

function parseRequest(text: string): LiveRequest | undefined {
  try {
    return LiveRequest.safeParse(JSON.parse(text)).data;
  } catch {
    return undefined;
  }
}
