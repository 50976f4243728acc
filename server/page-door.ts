import { randomBytes } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { buildProblem, headersOf, type ProblemWord } from './api/problem-response.ts';
import type { Gate } from './auth/gate.ts';
import { buildContentPolicy } from './security-headers.ts';

export type PageHandler = (request: IncomingMessage, response: ServerResponse) => void | Promise<void>;

const LOGIN_PATH = '/login';
/** Programs and pictures of the app itself: the same for everybody, and the login page needs them. None leads back to a page. */
const ASSETS = /^\/(?:_next\/static\/(?!.*(?:\.\.|%2e|\\))|icon\.svg$|favicon\.ico$|robots\.txt$)/i;
/** A page takes nothing in: whoever is nobody yet shall reach no code of the framework that reads what is sent. */
const METHODS: ReadonlySet<string | undefined> = new Set(['GET', 'HEAD']);
const NONCE_BYTES = 16;

/**
 * The way to the web app: a content policy of its own for each page, and the login page for who is not logged in. A page holds nothing
 * of the cluster, its data comes from the API; so a session is only looked for, and not confirmed.
 */
export class PageDoor {
  readonly #gate: Gate | undefined;
  readonly #onRefusal: (word: ProblemWord) => void;
  handler: PageHandler | undefined;
  isDevelopment = false;

  constructor(gate: Gate | undefined, onRefusal: (word: ProblemWord) => void) {
    this.#gate = gate;
    this.#onRefusal = onRefusal;
  }

  /** `address`: as `readClient` tells it. */
  serve(request: IncomingMessage, response: ServerResponse, address: string): void {
    if (this.handler === undefined) {
      answerProblem(response, 'not-found', 'The web app is off or still starting; the API is at /api/v1.');
    } else if (!this.isDevelopment && !METHODS.has(request.method)) {
      this.#onRefusal('method-not-allowed');
      response.setHeader('allow', [...METHODS].join(', '));
      answerProblem(response, 'method-not-allowed', 'Pages are only read; the API is at /api/v1.');
    } else this.#show(request, response, address);
  }

  #show(request: IncomingMessage, response: ServerResponse, address: string): void {
    const [path = ''] = (request.url ?? '/').split('?');
    const isOpen = this.#gate === undefined || ASSETS.test(path) || this.#gate.hasSession(request.headers.cookie);
    if (!isOpen && path !== LOGIN_PATH) {
      sendToLogin(request, response);
      return;
    }
    const waitS = isOpen ? undefined : this.#gate?.takeVisit(address);
    if (waitS === undefined) {
      this.#setPolicy(request, response);
      void this.handler?.(request, response);
    } else {
      this.#onRefusal('too-many-requests');
      response.setHeader('retry-after', String(waitS));
      answerProblem(response, 'too-many-requests', `Too many login pages. Try again in ${waitS} s.`);
    }
  }

  #setPolicy({ headers }: IncomingMessage, response: ServerResponse): void {
    const policy = buildContentPolicy(randomBytes(NONCE_BYTES).toString('base64'), this.isDevelopment);
    headers['content-security-policy'] = policy;
    response.setHeader('content-security-policy', policy);
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

function answerProblem(response: ServerResponse, word: ProblemWord, detail: string): void {
  const problem = buildProblem(word, detail);
  response.writeHead(problem.status, headersOf(problem)).end(JSON.stringify(problem));
}
