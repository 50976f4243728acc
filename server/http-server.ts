import { mkdirSync, rmSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { connect } from 'node:net';
import { dirname } from 'node:path';
import type { Duplex } from 'node:stream';
import { getRequestListener } from '@hono/node-server';
import type { Problem } from '#model/protocol/problem.ts';
import { fail, type Result, succeed } from '#model/result.ts';
import type { Api, ApiParts } from './api/api-context.ts';
import { guardRequest } from './api/guard-request.ts';
import { buildProblem, headersOf } from './api/problem-response.ts';
import type { Gate } from './auth/gate.ts';
import { type Client, readClient } from './auth/read-client.ts';
import { readSessionCookie } from './auth/session-cookie.ts';
import type { Viewer } from './auth/viewer.ts';
import type { LiveHub } from './live/live-hub.ts';
import type { Metrics } from './metrics/make-metrics.ts';
import { PageDoor } from './page-door.ts';
import type { AccessSettings } from './read-access.ts';
import { setSecurityHeaders } from './security-headers.ts';

export type UpgradeHandler = (request: IncomingMessage, socket: Duplex, head: Buffer) => void | Promise<void>;

type Parts = {
  readonly api: Api;
  readonly hub: LiveHub;
  /** Absent where nobody logs in. */
  readonly gate: Gate | undefined;
  /** Who it is there. */
  readonly viewerFor: ApiParts['viewerFor'];
  readonly access: AccessSettings;
  readonly metrics: Pick<Metrics, 'access'>;
};

const OURS = /^\/(?:api|agent)(?:\/|$)|^\/(?:healthz|readyz|metrics)$/;
const LIVE_PATH = '/api/v1/live';
/** A socket file is as good as this machine. */
const AT_SOCKET = { door: 'unix', client: { address: '127.0.0.1', isSecure: false } } as const;

/**
 * The two doors of one Podwire: TCP for browsers, and for agents with tokens, guarded; and a unix socket for agents, which the file
 * system guards. Paths of the API go to Hono, the live path to the hub, everything else to the web app where there is one.
 */
export class HttpServer implements AsyncDisposable {
  readonly #tcp: Server;
  readonly #unix: Server;
  readonly #parts: Parts;
  /** Requests that the API has begun to answer: closing waits for them, as they use what is closed next. */
  readonly #underWay = new Set<Promise<unknown>>();
  #socketPath: string | undefined;
  readonly pages: PageDoor;
  pageUpgrade: UpgradeHandler | undefined;

  constructor(parts: Parts) {
    this.#parts = parts;
    this.pages = new PageDoor(parts.gate, parts.metrics.access.refused);
    const { fetch } = parts.api;
    const answerTcp = getRequestListener(
      (request, env) =>
        fetch(request, { ...env, door: 'tcp', client: this.#clientOf(env.incoming as IncomingMessage) }),
      { overrideGlobalObjects: false },
    );
    const answerUnix = getRequestListener((request, env) => fetch(request, { ...env, ...AT_SOCKET }), {
      overrideGlobalObjects: false,
    });
    this.#tcp = createServer({ shouldUpgradeCallback: asksForSocket }, (request, response) =>
      this.#serve(request, response, answerTcp),
    );
    this.#tcp.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) =>
      this.#upgrade(request, socket, head),
    );
    this.#unix = createServer((request, response) => this.#track(answerUnix(request, response)));
  }

  /** Rejects with the system's error, EADDRINUSE for one. Answers the port, which the kernel chose where 0 was asked. */
  async listen(host: string, port: number): Promise<number> {
    await listenOn(this.#tcp, { host, port });
    const address = this.#tcp.address();
    return typeof address === 'object' && address !== null ? address.port : port;
  }

  /** Takes over a socket file that an earlier run left; rejects with EADDRINUSE where somebody still answers on it. */
  async listenUnix(path: string): Promise<void> {
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
    if (await isAnswered(path)) {
      throw Object.assign(new Error(`another process answers on ${path}`), { code: 'EADDRINUSE', path });
    }
    rmSync(path, { force: true });
    await listenOn(this.#unix, { path });
    this.#socketPath = path;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([closeServer(this.#tcp), closeServer(this.#unix)]);
    await Promise.allSettled(this.#underWay);
    if (this.#socketPath !== undefined) rmSync(this.#socketPath, { force: true });
  }

  #track(work: Promise<unknown>): void {
    const tracked = work.finally(() => this.#underWay.delete(tracked));
    this.#underWay.add(tracked);
  }

  #serve(request: IncomingMessage, response: ServerResponse, answer: RequestListener): void {
    setSecurityHeaders(response);
    const problem = this.#guard(request, false);
    if (problem === undefined && !OURS.test(pathOf(request))) {
      this.pages.serve(request, response, this.#clientOf(request).address);
      return;
    }
    response.setHeader('cache-control', 'no-store');
    if (problem === undefined) this.#track(answer(request, response));
    else response.writeHead(problem.status, headersOf(problem)).end(JSON.stringify(problem));
  }

  #upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    const problem = this.#guard(request, true);
    if (problem !== undefined) {
      refuseUpgrade(socket, problem);
    } else if (pathOf(request) === LIVE_PATH) {
      void this.#openLive(request, socket, head);
    } else if (this.pageUpgrade === undefined) {
      refuseUpgrade(socket, buildProblem('not-found', pathOf(request)));
    } else {
      void this.pageUpgrade(request, socket, head);
    }
  }

  async #openLive(request: IncomingMessage, socket: Duplex, head: Buffer): Promise<void> {
    // Whoever hangs up while we ask about them must not end this process.
    const ignore = (): void => undefined;
    socket.on('error', ignore);
    const viewer = await this.#admit(request, socket);
    socket.off('error', ignore);
    if (!viewer.ok) refuseUpgrade(socket, viewer.error);
    else if (this.#parts.hub.isFull) {
      refuseUpgrade(socket, buildProblem('too-many-browsers', 'Close some of them, or read REST instead.'));
    } else this.#parts.hub.upgrade(request, socket, head, viewer.value);
  }

  async #admit(request: IncomingMessage, socket: Duplex): Promise<Result<Viewer, Problem>> {
    const { gate, metrics } = this.#parts;
    if (gate === undefined) return succeed(this.#parts.viewerFor(request.headers));
    const { authorization, cookie } = request.headers;
    const { address } = this.#clientOf(request);
    const admitted = await gate.admitSocket({ authorization, cookie, address }, socket);
    if (admitted.ok) return succeed(admitted.value.viewer);
    metrics.access.refused(admitted.error.word);
    return fail(buildProblem(admitted.error.word, admitted.error.detail));
  }

  #guard(request: IncomingMessage, isUpgrade: boolean): Problem | undefined {
    const { gate, access, metrics } = this.#parts;
    const { host, origin, cookie } = request.headers;
    const hasCookie = gate !== undefined && readSessionCookie(cookie) !== undefined;
    const guarded = { method: request.method ?? 'GET', host, origin, isUpgrade, hasCookie };
    const refusal = guardRequest(guarded, access.hosts);
    if (refusal === undefined) return undefined;
    metrics.access.refused(refusal.word);
    return buildProblem(refusal.word, refusal.detail);
  }

  #clientOf(request: IncomingMessage): Client {
    return readClient(request, this.#parts.access.trustedProxies);
  }
}

type RequestListener = (request: IncomingMessage, response: ServerResponse) => Promise<void>;

/** Programs offer HTTP/2 in the same header (Java's do, unasked): whoever does not take it answers as ever. RFC 9110 section 7.8 */
const asksForSocket = ({ headers }: IncomingMessage): boolean => headers.upgrade?.toLowerCase() === 'websocket';

const pathOf = (request: IncomingMessage): string => (request.url ?? '/').split('?')[0] ?? '/';

function refuseUpgrade(socket: Duplex, problem: Problem): void {
  // It may be gone by now.
  socket.on('error', () => socket.destroy());
  const body = JSON.stringify(problem);
  const headers = Object.entries({
    ...headersOf(problem),
    'content-length': Buffer.byteLength(body),
    connection: 'close',
  });
  const lines = headers.map(([name, value]) => `${name}: ${value}\r\n`).join('');
  socket.end(`HTTP/1.1 ${problem.status} ${problem.title}\r\n${lines}\r\n${body}`);
}

function listenOn(server: Server, where: { host?: string; port?: number; path?: string }): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(where, () => {
      server.off('error', reject);
      resolve();
    });
  });
}

function isAnswered(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ path }, () => {
      socket.destroy();
      resolve(true);
    });
    socket.on('error', () => resolve(false));
  });
}

function closeServer(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });
}
