import { randomBytes } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { buildProblem, headersOf } from './api/problem-response.ts';
import type { Gate } from './auth/gate.ts';
import { buildContentPolicy } from './security-headers.ts';

export type PageHandler = (request: IncomingMessage, response: ServerResponse) => void | Promise<void>;

const LOGIN_PATH = '/login';
/** Programs and pictures of the app itself: the same for everybody, and the login page needs them. */
const ASSETS = /^\/(?:_next\/|icon\.svg$|favicon\.ico$|robots\.txt$)/;
const NONCE_BYTES = 16;

/**
 * The way to the web app: a content policy of its own for each page, and the login page for who is not logged in. A page holds nothing
 * of the cluster, its data comes from the API; so a session is only looked for, and not confirmed.
 */
export class PageDoor {
  readonly #gate: Gate | undefined;
  handler: PageHandler | undefined;
  isDevelopment = false;

  constructor(gate: Gate | undefined) {
    this.#gate = gate;
  }

  serve(request: IncomingMessage, response: ServerResponse): void {
    if (this.handler === undefined) {
      answerProblem(response, 'not-found', 'The web app is off or still starting; the API is at /api/v1.');
    } else if (this.#isClosed(request)) {
      sendToLogin(request, response);
    } else {
      this.#setPolicy(request, response);
      void this.handler(request, response);
    }
  }

  #setPolicy({ headers }: IncomingMessage, response: ServerResponse): void {
    const policy = buildContentPolicy(randomBytes(NONCE_BYTES).toString('base64'), this.isDevelopment);
    headers['content-security-policy'] = policy;
    response.setHeader('content-security-policy', policy);
  }

  #isClosed({ url = '/', headers }: IncomingMessage): boolean {
    const [path = ''] = url.split('?');
    const isOpen = path === LOGIN_PATH || ASSETS.test(path);
    return this.#gate !== undefined && !isOpen && !this.#gate.hasSession(headers.cookie);
  }
}

/** A page that is navigated to; what scripts ask for is refused, and they navigate then. */
function sendToLogin({ url = '/', headers }: IncomingMessage, response: ServerResponse): void {
  if (headers.rsc !== undefined) {
    answerProblem(response, 'no-session', 'Log in at /login.');
  } else {
    const location = url === '/' ? LOGIN_PATH : `${LOGIN_PATH}?${new URLSearchParams({ from: url })}`;
    response.writeHead(302, { location, 'cache-control': 'no-store' }).end();
  }
}

function answerProblem(response: ServerResponse, word: 'not-found' | 'no-session', detail: string): void {
  const problem = buildProblem(word, detail);
  response.writeHead(problem.status, headersOf(problem)).end(JSON.stringify(problem));
}
