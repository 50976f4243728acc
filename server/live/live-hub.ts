import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { type WebSocket, WebSocketServer } from 'ws';
import type { Finding } from '#model/findings/finding.ts';
import type { LiveView, TopologyDelta } from '#model/protocol/live-message.ts';
import type { ClusterTopology, InvocationSummary, NodeTopology } from '#model/topology/topology.ts';
import { restrictSummary } from '../access/restrict-invocation.ts';
import { restrictNode } from '../access/restrict-node.ts';
import type { Scope } from '../auth/scope.ts';
import type { Viewer } from '../auth/viewer.ts';
import type { TopologyFold } from '../topology/topology-fold.ts';
import { FindingsBoard } from './findings-board.ts';
import { Audience } from './live-audience.ts';
import { LiveReader, writeTopology } from './live-reader.ts';
import { LiveSession } from './live-session.ts';
import type { LiveSource } from './live-source.ts';
import { type Encoded, encodePayload, type TopicPayload, topicKey } from './live-topic.ts';
import { Liveness } from './watch-liveness.ts';

const HEARTBEAT_MS = 2_000;
const CATCH_UP_MS = 100;
const LOOK_MS = 10_000;
const REQUEST_BYTES = 64 * 1024;
const MOST_BROWSERS = 1_000;
/** Of all browsers together: beyond this, one that is behind waits for its snapshot until others have read theirs. */
const MOST_BUFFERED_BYTES = 256 << 20;

type NodeFindings = { readonly name: string; readonly findings: readonly Finding[] };

/** Who follows one topic, by the keys of their scopes, and the view it stands for. */
type Following = { readonly view: LiveView; readonly audiences: Map<string, Audience> };

/** RFC 6455, 7.4.2: codes from 4000 are the application's. The browser comes back, to log in or with its new rights. */
const SESSION_ENDED = 4401;

type Browser = { readonly session: LiveSession; readonly liveness: Liveness };

/**
 * Every open browser. Owns its sockets and timers; `close` ends them. A change is serialised once for all who follow its
 * topic and may see the same of it, and the bytes are shared. Messages are not compressed: `permessage-deflate` costs each connection a context of its
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
  /** Snapshots as they were serialised last, by topic and scope, until their topic changes. */
  readonly #snapshots = new Map<string, Map<string, Encoded>>();
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
      clusterChanged: (topology, delta) => this.#tellPart({ kind: 'cluster' }, delta, topology),
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

  /** Takes over the connection of an upgrade request to `/api/v1/live`, for as long as the viewer's session lasts. */
  // biome-ignore lint/complexity/useMaxParams: the three of Node's `upgrade` event, and who it is.
  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer, viewer: Viewer): void {
    this.#server.handleUpgrade(request, socket, head, (webSocket) => this.#open(webSocket, socket, viewer));
  }

  close(): void {
    this.#stopListening();
    for (const timer of this.#timers) clearInterval(timer);
    for (const socket of this.#browsers.keys()) socket.terminate();
    this.#browsers.clear();
    this.#server.close();
  }

  #open(socket: WebSocket, stream: Duplex, { scope, ended }: Viewer): void {
    const session: LiveSession = new LiveSession(shareSocket(socket), {
      readSnapshot: (view) => this.#readSnapshot(view, scope),
      hasRoom: () => this.bufferedBytes < MOST_BUFFERED_BYTES,
      nowMs: () => performance.now(),
      follow: (view, isFollowed) => this.#follow(session, { view, scope, isFollowed }),
      fellBehind: () => {
        this.#fallenBehind += 1;
      },
    });
    this.#browsers.set(socket, { session, liveness: new Liveness(socket, stream) });
    const end = () => {
      // Nothing is answered and nothing told from now on, however long the browser takes to close its side.
      socket.removeAllListeners('message');
      session.close();
      socket.close(SESSION_ENDED, 'session ended');
    };
    socket.on('message', (data) => session.receive(String(data)));
    socket.on('close', () => {
      ended.removeEventListener('abort', end);
      this.#browsers.delete(socket);
      session.close();
    });
    ended.addEventListener('abort', end);
    // A torn connection closes too; there is nobody left to tell.
    socket.on('error', () => socket.terminate());
    session.send({ type: 'hello', protocol: 1, serverTime: this.#now(), version: this.#version });
    if (ended.aborted) end();
  }

  #tellNode(name: string, topology: NodeTopology | undefined, delta: TopologyDelta | undefined): void {
    const view = { kind: 'node', node: name } as const;
    this.#tell(view, (audience) => {
      if (!audience.isOfAll) audience.show(view, topology && restrictNode(topology, audience.scope));
      else
        audience.tell(topicKey(view), delta === undefined ? writeTopology(view, topology) : { type: 'delta', delta });
    });
  }

  /** Who may see all is told the delta, where there is one; of a part it is looked at what has changed. */
  #tellPart(view: { readonly kind: 'cluster' | 'findings' }, delta?: TopologyDelta, told?: ClusterTopology): void {
    this.#tell(view, (audience) => {
      if (!audience.isOfAll) audience.show(view, audience.reader.read(view, told));
      else if (delta !== undefined) audience.tell(topicKey(view), { type: 'delta', delta });
    });
  }

  #tellFindings(node: string, findings: readonly Finding[]): void {
    const delta = this.#findings.put(node, findings);
    if (delta !== undefined) this.#tellPart({ kind: 'findings' }, delta);
  }

  #tellInvocations(node: string, invocations: readonly InvocationSummary[]): void {
    for (const { view } of this.#following.values()) {
      if (view.kind !== 'invocations' || (view.node !== undefined && view.node !== node)) continue;
      const wanted = view.pod === undefined ? invocations : invocations.filter((one) => one.pod === view.pod);
      this.#tell(view, (audience) => {
        const seen = audience.isOfAll ? wanted : wanted.flatMap((one) => restrictSummary(one, audience.scope) ?? []);
        if (seen.length > 0) audience.tell(topicKey(view), { type: 'invocations', invocations: [...seen] });
      });
    }
    // Of topics that nobody follows just now too.
    for (const key of this.#snapshots.keys()) if (key.startsWith('["invocations"')) this.#snapshots.delete(key);
  }

  #follow(
    session: LiveSession,
    asked: { readonly view: LiveView; readonly scope: Scope; readonly isFollowed: boolean },
  ) {
    const { view, scope, isFollowed } = asked;
    const topic = topicKey(view);
    const { audiences } = this.#following.get(topic) ?? { audiences: new Map<string, Audience>() };
    const audience = audiences.get(scope.key) ?? new Audience(scope, this.#makeReader(scope));
    if (isFollowed) audience.sessions.add(session);
    else audience.sessions.delete(session);
    if (audience.sessions.size > 0) audiences.set(scope.key, audience);
    else audiences.delete(scope.key);
    if (audiences.size > 0) this.#following.set(topic, { view, audiences });
    else this.#following.delete(topic);
    // Of a node that nobody watches the fold need not tell what only time has changed.
    if (audiences.size === 0) this.#snapshots.delete(topic);
  }

  /** Only if somebody follows, once for all who do and may see the same. */
  #tell(view: LiveView, tell: (audience: Audience) => void): void {
    const topic = topicKey(view);
    this.#snapshots.delete(topic);
    for (const audience of this.#following.get(topic)?.audiences.values() ?? []) tell(audience);
  }

  #readSnapshot(view: LiveView, scope: Scope): Encoded {
    const topic = topicKey(view);
    const known = this.#snapshots.get(topic)?.get(scope.key);
    if (known !== undefined) return known;
    const snapshot = encodePayload(this.#readView(view, scope));
    const snapshots = this.#snapshots.get(topic) ?? new Map<string, Encoded>();
    this.#snapshots.set(topic, snapshots.set(scope.key, snapshot));
    return snapshot;
  }

  #readView(view: LiveView, scope: Scope): TopicPayload {
    if (view.kind === 'invocations') {
      return { type: 'snapshot.invocations', list: this.#source.invocations(view, scope) };
    }
    const audience = this.#following.get(topicKey(view))?.audiences.get(scope.key);
    const topology = (audience?.reader ?? this.#makeReader(scope)).read(view);
    // Those of the audience that hold an older state are told first.
    if (audience?.isOfAll === false) audience.show(view, topology);
    return writeTopology(view, topology);
  }

  #makeReader(scope: Scope): LiveReader {
    return new LiveReader({ ...this.#source, findings: () => this.#findings.read() }, scope);
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
