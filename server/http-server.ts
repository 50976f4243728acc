import { mkdirSync, rmSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { connect } from 'node:net';
import { dirname } from 'node:path';
import type { Duplex } from 'node:stream';
import { getRequestListener } from '@hono/node-server';
import type { Problem } from '#model/protocol/problem.ts';
import type { Api, ApiParts } from './api/api-context.ts';
import { guardRequest } from './api/guard-request.ts';
import { buildProblem } from './api/problem-response.ts';
import type { LiveHub } from './live/live-hub.ts';

export type PageHandler = (request: IncomingMessage, response: ServerResponse) => void | Promise<void>;
export type UpgradeHandler = (request: IncomingMessage, socket: Duplex, head: Buffer) => void | Promise<void>;

const OURS = /^\/(?:api|agent)(?:\/|$)|^\/(?:healthz|readyz|metrics)$/;
const LIVE_PATH = '/api/v1/live';

/**
 * The two doors of one Podwire: TCP for browsers, guarded, and a unix socket for agents, which the file system guards.
 * Paths of the API go to Hono, the live path to the hub, everything else to the web app where there is one.
 */
export class HttpServer implements AsyncDisposable {
  readonly #tcp: Server;
  readonly #unix: Server;
  readonly #hub: LiveHub;
  readonly #viewerFor: ApiParts['viewerFor'];
  readonly #api: ReturnType<typeof getRequestListener>;
  /** Requests that the API has begun to answer: closing waits for them, as they use what is closed next. */
  readonly #underWay = new Set<Promise<unknown>>();
  #socketPath: string | undefined;
  pages: PageHandler | undefined;
  pageUpgrade: UpgradeHandler | undefined;

  constructor(api: Api, hub: LiveHub, viewerFor: ApiParts['viewerFor']) {
    this.#hub = hub;
    this.#viewerFor = viewerFor;
    this.#api = getRequestListener(api.fetch, { overrideGlobalObjects: false });
    this.#tcp = createServer((request, response) => this.#serve(request, response));
    this.#tcp.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) =>
      this.#upgrade(request, socket, head),
    );
    this.#unix = createServer((request, response) => this.#answer(request, response));
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

  #answer(request: IncomingMessage, response: ServerResponse): void {
    const work = this.#api(request, response).finally(() => this.#underWay.delete(work));
    this.#underWay.add(work);
  }

  #serve(request: IncomingMessage, response: ServerResponse): void {
    const problem = guardRequest(readGuarded(request, false));
    if (problem !== undefined) {
      answerProblem(response, problem);
    } else if (OURS.test(pathOf(request))) {
      this.#answer(request, response);
    } else if (this.pages === undefined) {
      answerProblem(
        response,
        buildProblem('not-found', 'The web app is off or still starting; the API is at /api/v1.'),
      );
    } else {
      void this.pages(request, response);
    }
  }

  #upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    const problem = guardRequest(readGuarded(request, true));
    if (problem !== undefined) {
      refuseUpgrade(socket, problem);
    } else if (pathOf(request) === LIVE_PATH && this.#hub.isFull) {
      refuseUpgrade(socket, buildProblem('too-many-browsers', 'Close some of them, or read REST instead.'));
    } else if (pathOf(request) === LIVE_PATH) {
      this.#hub.upgrade(request, socket, head, this.#viewerFor(request.headers));
    } else if (this.pageUpgrade === undefined) {
      refuseUpgrade(socket, buildProblem('not-found', pathOf(request)));
    } else {
      void this.pageUpgrade(request, socket, head);
    }
  }
}

const pathOf = (request: IncomingMessage): string => (request.url ?? '/').split('?')[0] ?? '/';

const readGuarded = (request: IncomingMessage, isUpgrade: boolean) => ({
  method: request.method ?? 'GET',
  host: request.headers.host,
  origin: request.headers.origin,
  isUpgrade,
});

function answerProblem(response: ServerResponse, problem: Problem): void {
  response.writeHead(problem.status, { 'content-type': 'application/problem+json' });
  response.end(JSON.stringify(problem));
}

function refuseUpgrade(socket: Duplex, problem: Problem): void {
  const body = JSON.stringify(problem);
  socket.end(
    `HTTP/1.1 ${problem.status} ${problem.title}\r\ncontent-type: application/problem+json\r\n` +
      `content-length: ${Buffer.byteLength(body)}\r\nconnection: close\r\n\r\n${body}`,
  );
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
