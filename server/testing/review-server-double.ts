import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { KubeConfig } from '@kubernetes/client-node';
import { type Identity, ReviewClient } from '../auth/review-client.ts';

type Account = Partial<Identity> & {
  readonly username: string;
  /** Whom the token is for; absent: the API server itself. */
  readonly audience?: string;
  /** `list pods kube-system`, `list nodes`, `get /metrics`, `*`: what they may do; without a namespace, in all of them. */
  readonly rights?: readonly string[];
};

export const NODE_NAME = 'authentication.kubernetes.io/node-name';
const API_AUDIENCE = 'https://kubernetes.default.svc';

/**
 * A double of the API server's two reviews, over real HTTP and asked by the official client: for accounts that come and go, and an API
 * server that is away. e2e/cluster asks a real one.
 */
export class ReviewServerDouble implements AsyncDisposable {
  readonly accounts = new Map<string, Account>();
  /** `token`, or verb, object and namespace, of every question. */
  readonly questions: string[] = [];
  /** Answers 500 to everything. */
  isBroken = false;
  /** An API server that knows no audiences takes any, and names none. */
  knowsAudiences = true;
  /** Answers this to everything. */
  answer: string | undefined;
  readonly #server: Server;

  constructor() {
    this.#server = createServer((request, response) => void this.#answer(request, response));
  }

  async listen(): Promise<ReviewClient> {
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve));
    const server = `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
    const config = new KubeConfig();
    config.loadFromClusterAndUser({ name: 'double', server, skipTLSVerify: true }, { name: 'podwire', token: 'own' });
    return config.makeApiClient(ReviewClient);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const closed = new Promise((resolve) => this.#server.close(resolve));
    this.#server.closeAllConnections();
    await closed;
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const review = JSON.parse(await text(request)) as Review;
    response.setHeader('content-type', 'application/json');
    if (this.isBroken) {
      response.writeHead(500).end(JSON.stringify({ kind: 'Status', message: 'etcd is away' }));
      return;
    }
    if (this.answer !== undefined) {
      response.writeHead(201).end(this.answer);
      return;
    }
    const status =
      review.kind === 'TokenReview' ? this.#reviewToken(review.spec) : { allowed: this.#reviewAccess(review.spec) };
    // The real one repeats the question as well, the token in it.
    response.writeHead(201).end(JSON.stringify({ ...review, status }));
  }

  #reviewToken({ token = '', audiences = [API_AUDIENCE] }: Review['spec']): object {
    this.questions.push('token');
    const account = this.accounts.get(token);
    if (account === undefined) return { error: '[invalid bearer token, token lookup failed]' };
    const { audience = API_AUDIENCE, rights: _rights, ...user } = account;
    if (!this.knowsAudiences) return { authenticated: true, user };
    if (!audiences.includes(audience)) {
      return { error: `[invalid bearer token, token audiences ["${audience}"] is invalid]` };
    }
    return { authenticated: true, user, audiences: [audience] };
  }

  #reviewAccess({ user, resourceAttributes: object, nonResourceAttributes: path }: Review['spec']): boolean {
    const words = object ? [object.verb, object.resource, object.namespace] : [path?.verb, path?.path];
    const question = words.filter(Boolean).join(' ');
    this.questions.push(question);
    const { rights = [] } = [...this.accounts.values()].find(({ username }) => username === user) ?? {};
    return rights.some((right) => right === '*' || question === right || question.startsWith(`${right} `));
  }
}

type Review = {
  readonly kind: string;
  readonly spec: {
    readonly token?: string;
    readonly audiences?: readonly string[];
    readonly user?: string;
    readonly resourceAttributes?: { readonly verb: string; readonly resource: string; readonly namespace: string };
    readonly nonResourceAttributes?: { readonly verb: string; readonly path: string };
  };
};
