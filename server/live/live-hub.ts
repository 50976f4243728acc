import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { type WebSocket, WebSocketServer } from 'ws';
import type { Finding } from '#model/findings/finding.ts';
import type { LiveView, TopologyDelta } from '#model/protocol/live-message.ts';
import type { InvocationSummary, NodeTopology } from '#model/topology/topology.ts';
import type { Viewer } from '../auth/viewer.ts';
import type { TopologyFold } from '../topology/topology-fold.ts';
import { FindingsBoard } from './findings-board.ts';
import { LiveSession } from './live-session.ts';
import { type LiveSource, readView } from './live-source.ts';
import { type Encoded, encodePayload, type TopicPayload, topicKey } from './live-topic.ts';
import { Liveness } from './watch-liveness.ts';

/** In the range that RFC 6455 leaves to applications. */
const SESSION_ENDED = 4401;
const HEARTBEAT_MS = 2_000;
const CATCH_UP_MS = 100;
const LOOK_MS = 10_000;
const REQUEST_BYTES = 64 * 1024;
const MOST_BROWSERS = 1_000;
/** Of all browsers together: beyond this, one that is behind waits for its snapshot until others have read theirs. */
const MOST_BUFFERED_BYTES = 256 << 20;

type NodeFindings = { readonly name: string; readonly findings: readonly Finding[] };

/** Who follows one topic, and the view it stands for. */
type Following = { readonly view: LiveView; readonly sessions: Set<LiveSession> };

type Browser = { readonly session: LiveSession; readonly liveness: Liveness };

/**
 * Every open browser. Owns its sockets and timers; `close` ends them. A change is serialised once for all who follow its
 * topic, and the bytes are shared. Messages are not compressed: `permessage-deflate` costs each connection a context of its
 * own and each message the work again (docs/adr/0035).
 */
export class LiveHub {
  readonly #server = new WebSocketServer({ noServer: true, maxPayload: REQUEST_BYTES, perMessageDeflate: false });
  readonly #browsers = new Map<WebSocket, Browser>();
  readonly #following = new Map<string, Following>();
  readonly #source: LiveSource;
  readonly #findings = new FindingsBoard();
  readonly #clock: () => Date;
  readonly #version: string;
  readonly #timers: readonly NodeJS.Timeout[];
  readonly #stopListening: () => void;
  /** Snapshots as they were serialised last, until their topic changes. */
  readonly #snapshots = new Map<string, Encoded>();
  #fallenBehind = 0;

  constructor(parts: {
    readonly fold: Pick<TopologyFold, 'listen'> & { readonly summaries: () => Iterable<NodeFindings> };
    readonly source: LiveSource;
    readonly clock: () => Date;
    readonly version: string;
  }) {
    this.#source = parts.source;
    this.#clock = parts.clock;
    this.#version = parts.version;
    for (const { name, findings } of parts.fold.summaries()) this.#findings.put(name, findings);
    this.#stopListening = parts.fold.listen({
      nodeChanged: (...change) => this.#tellNode(...change),
      clusterChanged: (_topology, delta) => this.#tell({ kind: 'cluster' }, () => ({ type: 'delta', delta })),
      invocationsArrived: (...change) => this.#tellInvocations(...change),
      findingsChanged: (...change) => this.#tellFindings(...change),
      isWatching: (node) => this.#following.has(topicKey({ kind: 'node', node })),
    });
    this.#timers = [
      setInterval(() => this.#beat(), HEARTBEAT_MS),
      setInterval(() => this.#each((session) => session.catchUp()), CATCH_UP_MS),
      setInterval(() => this.#look(), LOOK_MS),
    ];
  }

  get size(): number {
    return this.#browsers.size;
  }

  get isFull(): boolean {
    return this.#browsers.size >= MOST_BROWSERS;
  }

  /** How often a subscription fell behind and got a snapshot instead of a queue, since the start. */
  get fallenBehind(): number {
    return this.#fallenBehind;
  }

  /** What all browsers together have not read yet. */
  get bufferedBytes(): number {
    let bytes = 0;
    for (const socket of this.#browsers.keys()) bytes += socket.bufferedAmount;
    return bytes;
  }

  /** Takes over the connection of an upgrade request to `/api/v1/live`. */
  // biome-ignore lint/complexity/useMaxParams: the three of Node's `upgrade` event, and who it is.
  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer, viewer: Viewer): void {
    this.#server.handleUpgrade(request, socket, head, (webSocket) => {
      endWith(webSocket, viewer.ended);
      this.#open(webSocket, socket);
    });
  }

  close(): void {
    this.#stopListening();
    for (const timer of this.#timers) clearInterval(timer);
    for (const socket of this.#browsers.keys()) socket.terminate();
    this.#browsers.clear();
    this.#server.close();
  }

  #open(socket: WebSocket, stream: Duplex): void {
    const session: LiveSession = new LiveSession(shareSocket(socket), {
      readSnapshot: (view) => this.#readSnapshot(view),
      hasRoom: () => this.bufferedBytes < MOST_BUFFERED_BYTES,
      nowMs: () => performance.now(),
      follow: (view, isFollowed) => this.#follow(session, view, isFollowed),
      fellBehind: () => {
        this.#fallenBehind += 1;
      },
    });
    this.#browsers.set(socket, { session, liveness: new Liveness(socket, stream) });
    socket.on('message', (data) => session.receive(String(data)));
    socket.on('close', () => {
      this.#browsers.delete(socket);
      session.close();
    });
    // A torn connection closes too; there is nobody left to tell.
    socket.on('error', () => socket.terminate());
    session.send({ type: 'hello', protocol: 1, serverTime: this.#now(), version: this.#version });
  }

  #tellNode(name: string, topology: NodeTopology | undefined, delta: TopologyDelta | undefined): void {
    this.#tell({ kind: 'node', node: name }, () =>
      delta === undefined
        ? { type: 'snapshot.node', ...(topology !== undefined && { topology }) }
        : { type: 'delta', delta },
    );
  }

  #tellFindings(node: string, findings: readonly Finding[]): void {
    const delta = this.#findings.put(node, findings);
    if (delta !== undefined) this.#tell({ kind: 'findings' }, () => ({ type: 'delta', delta }));
  }

  #tellInvocations(node: string, invocations: readonly InvocationSummary[]): void {
    for (const { view } of this.#following.values()) {
      if (view.kind !== 'invocations' || (view.node !== undefined && view.node !== node)) continue;
      const wanted = view.pod === undefined ? invocations : invocations.filter((one) => one.pod === view.pod);
      if (wanted.length > 0) this.#tell(view, () => ({ type: 'invocations', invocations: [...wanted] }));
    }
    // Of topics that nobody follows just now too.
    for (const key of this.#snapshots.keys()) if (key.startsWith('["invocations"')) this.#snapshots.delete(key);
  }

  #follow(session: LiveSession, view: LiveView, isFollowed: boolean): void {
    const topic = topicKey(view);
    const following = this.#following.get(topic) ?? { view, sessions: new Set() };
    this.#following.set(topic, following);
    if (isFollowed) following.sessions.add(session);
    else following.sessions.delete(session);
    if (following.sessions.size > 0) return;
    this.#following.delete(topic);
    // Of a node that nobody watches the fold need not tell what only time has changed.
    this.#snapshots.delete(topic);
  }

  /** Serialises only if somebody follows, and once for all who do. */
  #tell(view: LiveView, write: () => TopicPayload): void {
    const topic = topicKey(view);
    this.#snapshots.delete(topic);
    const following = this.#following.get(topic);
    if (following === undefined) return;
    const payload = encodePayload(write());
    for (const session of following.sessions) session.change(topic, payload);
  }

  #readSnapshot(view: LiveView): Encoded {
    const topic = topicKey(view);
    const known = this.#snapshots.get(topic);
    if (known !== undefined) return known;
    const snapshot = encodePayload(readView({ ...this.#source, findings: () => this.#findings.read() }, view));
    this.#snapshots.set(topic, snapshot);
    return snapshot;
  }

  #beat(): void {
    // They serve browsers that come together; kept for longer they would only take room.
    this.#snapshots.clear();
    const text = JSON.stringify({ type: 'heartbeat', serverTime: this.#now() });
    for (const socket of this.#browsers.keys()) socket.send(text);
  }

  #look(): void {
    for (const { liveness } of this.#browsers.values()) liveness.look();
  }

  #now(): string {
    return this.#clock().toISOString();
  }

  #each(work: (session: LiveSession) => void): void {
    for (const { session } of this.#browsers.values()) work(session);
  }
}

/** The browser comes back by itself, and is asked again who it is. */
function endWith(socket: WebSocket, ended: AbortSignal): void {
  const end = (): void => socket.close(SESSION_ENDED, 'the session has ended, or its rights have changed');
  if (ended.aborted) end();
  ended.addEventListener('abort', end);
  socket.on('close', () => ended.removeEventListener('abort', end));
}

/** Head and body as two fragments of one text message: the body's bytes are not copied for each browser. */
function shareSocket(socket: WebSocket) {
  return {
    send: (head: string, body?: Buffer) => {
      socket.send(head, { fin: body === undefined });
      if (body !== undefined) socket.send(body, { binary: false, fin: true });
    },
    end: (code: number, reason: string) => socket.close(code, reason),
    get bufferedAmount() {
      return socket.bufferedAmount;
    },
  };
}
