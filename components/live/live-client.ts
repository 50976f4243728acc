import { LiveMessage, type LiveRequest, type LiveView } from '#model/protocol/live-message.ts';
import { readSession } from '../session/call-session.ts';
import { goToLogin } from '../session/go-to-login.ts';
import type { ConnectionState, LiveModel, LiveState, LiveValue } from './live-state.ts';
import { type LiveInput, reduceLive, toInstant } from './reduce-live.ts';

const FIRST_RETRY_MS = 250;
const LONGEST_RETRY_MS = 5000;
/** A view that comes back within this time, as on a change of page, keeps its subscription. */
const LINGER_MS = 5000;
const TICK_MS = 1000;
/** The server's code for a session that has ended or has other rights now: RFC 6455 leaves the range to applications. */
const SESSION_ENDED = 4401;

const LOADING: LiveState<LiveValue> = { status: 'loading' };

/**
 * The one socket of this browser to `WS /api/v1/live`. Owns the socket and its timers and nothing else: what follows from
 * a message is decided in `reduceLive`. It connects when the first view asks.
 */
export class LiveClient {
  readonly #listeners = new Set<() => void>();
  readonly #uses = new Map<string, { id: string; count: number; dropTimer?: ReturnType<typeof setTimeout> }>();
  #model: LiveModel;
  #socket: WebSocket | undefined;
  #attempts = 0;
  #ids = 0;

  constructor() {
    this.#model = { connection: { state: 'connecting', since: toInstant(Date.now()) }, subscriptions: new Map() };
  }

  readonly listen = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  readonly readConnection = (): ConnectionState => this.#model.connection;

  readView(view: LiveView): LiveState<LiveValue> {
    const use = this.#uses.get(JSON.stringify(view));
    return use === undefined ? LOADING : (this.#model.subscriptions.get(use.id)?.state ?? LOADING);
  }

  /** Starts to follow a view; the function returned ends it. Several users of one view share one subscription. */
  follow(view: LiveView): () => void {
    this.#start();
    const key = JSON.stringify(view);
    const use = this.#uses.get(key);
    if (use === undefined) {
      this.#ids += 1;
      const id = `${view.kind}-${this.#ids}`;
      this.#uses.set(key, { id, count: 1 });
      this.#take({ type: 'want', id, view });
    } else {
      use.count += 1;
      clearTimeout(use.dropTimer);
    }
    return () => this.#release(key);
  }

  #release(key: string): void {
    const use = this.#uses.get(key);
    if (use === undefined) {
      return;
    }
    use.count -= 1;
    if (use.count === 0) {
      use.dropTimer = setTimeout(() => {
        this.#uses.delete(key);
        this.#take({ type: 'drop', id: use.id });
      }, LINGER_MS);
    }
  }

  #start(): void {
    if (this.#socket !== undefined || this.#attempts > 0) {
      return;
    }
    setInterval(() => this.#take({ type: 'tick' }), TICK_MS);
    this.#connect();
  }

  #connect(): void {
    this.#attempts += 1;
    const url = new URL('/api/v1/live', window.location.href);
    url.protocol = url.protocol === 'https:' ? 'wss:' : 'ws:';
    const socket = new WebSocket(url);
    this.#socket = socket;
    let isOpened = false;
    socket.addEventListener('open', () => {
      isOpened = true;
      this.#attempts = 0;
      this.#take({ type: 'opened' });
    });
    socket.addEventListener('message', (event: MessageEvent<string>) => this.#hear(event.data));
    socket.addEventListener('close', ({ code }) => {
      // A browser does not tell a script why a socket was refused: what REST answers is why.
      if (!isOpened || code === SESSION_ENDED) void this.#leaveWithoutSession();
      this.#take({ type: 'closed', attempts: this.#attempts });
      const waitMs = Math.min(LONGEST_RETRY_MS, FIRST_RETRY_MS * 2 ** this.#attempts);
      setTimeout(() => this.#connect(), waitMs);
    });
  }

  async #leaveWithoutSession(): Promise<void> {
    const session = await readSession();
    if (!session.ok && session.error.status === 401) goToLogin();
  }

  /** The collector is another program, maybe of another version: what is not in the contract is said, not drawn. */
  #hear(text: string): void {
    const parsed = LiveMessage.safeParse(parseJson(text));
    if (!parsed.success) {
      console.error('A live message does not fit the contract:', parsed.error.message, text.slice(0, 300));
      return;
    }
    if (parsed.data.type === 'error') {
      console.error('The collector refused a live request:', parsed.data.message);
    }
    this.#take({ type: 'message', message: parsed.data });
  }

  #take(input: LiveInput): void {
    const before = this.#model;
    const { model, requests } = reduceLive(before, input, Date.now());
    this.#model = model;
    for (const request of requests) {
      this.#send(request);
    }
    if (model.connection !== before.connection || model.subscriptions !== before.subscriptions) {
      for (const listener of this.#listeners) {
        listener();
      }
    }
  }

  #send(request: LiveRequest): void {
    if (this.#socket?.readyState === WebSocket.OPEN) {
      this.#socket.send(JSON.stringify(request));
    }
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** The one client of this page. */
export const liveClient = new LiveClient();
