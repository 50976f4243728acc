import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { type WebSocket, WebSocketServer } from 'ws';
import type { TopologyFold } from '../topology/topology-fold.ts';
import { LiveSession } from './live-session.ts';
import type { LiveSource } from './live-source.ts';

const HEARTBEAT_MS = 2_000;
const CATCH_UP_MS = 100;
const REQUEST_BYTES = 64 * 1024;

/** Every open browser. Owns its sockets and timers; `close` ends them. */
export class LiveHub {
  readonly #server = new WebSocketServer({ noServer: true, maxPayload: REQUEST_BYTES });
  readonly #sessions = new Map<WebSocket, LiveSession>();
  readonly #source: LiveSource;
  readonly #clock: () => Date;
  readonly #version: string;
  readonly #timers: readonly NodeJS.Timeout[];
  readonly #stopListening: () => void;

  constructor(parts: {
    readonly fold: TopologyFold;
    readonly source: LiveSource;
    readonly clock: () => Date;
    readonly version: string;
  }) {
    this.#source = parts.source;
    this.#clock = parts.clock;
    this.#version = parts.version;
    this.#stopListening = parts.fold.listen({
      nodeChanged: (...change) => this.#each((session) => session.nodeChanged(...change)),
      clusterChanged: (...change) => this.#each((session) => session.clusterChanged(...change)),
      isWatching: (name) => [...this.#sessions.values()].some((session) => session.isWatching(name)),
      invocationsArrived: (...change) => this.#each((session) => session.invocationsArrived(...change)),
    });
    this.#timers = [
      setInterval(() => this.#beat(), HEARTBEAT_MS),
      setInterval(() => this.#each((session) => session.catchUp()), CATCH_UP_MS),
    ];
  }

  get size(): number {
    return this.#sessions.size;
  }

  /** Takes over the connection of an upgrade request to `/api/v1/live`. */
  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    this.#server.handleUpgrade(request, socket, head, (webSocket) => this.#open(webSocket));
  }

  close(): void {
    this.#stopListening();
    for (const timer of this.#timers) clearInterval(timer);
    for (const socket of this.#sessions.keys()) socket.terminate();
    this.#sessions.clear();
    this.#server.close();
  }

  #open(socket: WebSocket): void {
    const session = new LiveSession(socket, this.#source);
    this.#sessions.set(socket, session);
    socket.on('message', (data) => session.receive(String(data)));
    socket.on('close', () => this.#sessions.delete(socket));
    // A torn connection closes too; there is nobody left to tell.
    socket.on('error', () => socket.terminate());
    session.send({ type: 'hello', protocol: 1, serverTime: this.#now(), version: this.#version });
  }

  #beat(): void {
    this.#each((session) => session.send({ type: 'heartbeat', serverTime: this.#now() }));
  }

  #now(): string {
    return this.#clock().toISOString();
  }

  #each(work: (session: LiveSession) => void): void {
    for (const session of this.#sessions.values()) work(session);
  }
}
