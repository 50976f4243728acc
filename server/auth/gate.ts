import type { Duplex } from 'node:stream';
import { fail, type Result, succeed } from '#model/result.ts';
import type { Refusal } from '../api/problem-response.ts';
import { AccessReviews } from './access-reviews.ts';
import { AgentDoor } from './agent-door.ts';
import { RateLimiter } from './rate-limiter.ts';
import { readBearer } from './read-bearer.ts';
import { readScope } from './read-scope.ts';
import type { Reviewer } from './review-client.ts';
import { readSessionCookie } from './session-cookie.ts';
import { type ReadStanding, type Session, Sessions } from './sessions.ts';
import { TokenReviews } from './token-reviews.ts';
import { tooMany } from './too-many.ts';
import type { Viewer } from './viewer.ts';

/** What a request says of who sends it. */
export type Credentials = {
  readonly authorization: string | undefined;
  readonly cookie: string | undefined;
  /** As `readClient` tells it. */
  readonly address: string;
};

export type Admitted = { readonly session: Session; readonly viewer: Viewer };
export type Opened = { readonly id: string; readonly session: Session };

type Parts = {
  readonly reviewer: Reviewer;
  readonly agentAccount: string | undefined;
  /** Namespaces that have, or had, pods. */
  readonly listNamespaces: () => readonly string[];
  readonly nowMs: () => number;
};

/** A class of thirty behind one address may log in together; nobody guesses tokens at this pace. */
const LOGINS_OF_ADDRESS = { burst: 30, perSecond: 0.5 };
const LOGINS_OF_ALL = { burst: 200, perSecond: 5 };
/** Each login page is rendered anew, by the process that takes in what agents say. */
const VISITS_OF_ADDRESS = { burst: 100, perSecond: 5 };
/** A view of 5,000 nodes loads in a few dozen requests. */
const REQUESTS_OF_ONE = { burst: 600, perSecond: 60 };
/** Of one address, without a good token: each may cost the API server a question. */
const REFUSALS_OF_ADDRESS = { burst: 100, perSecond: 2 };
/** An agent sends one batch at a time, each as soon as the last was answered. */
const BATCHES_OF_NODE = { burst: 2_000, perSecond: 200 };

/** Tabs of one browser. */
const MOST_SOCKETS = 32;

/** Who may come in where people log in: sessions of people, tokens of programs and of agents, each within limits. */
export class Gate implements Disposable {
  readonly sessions: Sessions;
  readonly agents: AgentDoor;
  readonly #access: AccessReviews;
  readonly #logins: RateLimiter;
  readonly #allLogins: RateLimiter;
  readonly #visits: RateLimiter;
  readonly #requests: RateLimiter;
  readonly #refusals: RateLimiter;

  constructor(parts: Parts) {
    const { nowMs } = parts;
    const reviews = new TokenReviews(parts);
    this.#access = new AccessReviews(parts);
    this.#logins = new RateLimiter(LOGINS_OF_ADDRESS, nowMs);
    this.#allLogins = new RateLimiter(LOGINS_OF_ALL, nowMs);
    this.#visits = new RateLimiter(VISITS_OF_ADDRESS, nowMs);
    this.#requests = new RateLimiter(REQUESTS_OF_ONE, nowMs);
    this.#refusals = new RateLimiter(REFUSALS_OF_ADDRESS, nowMs);
    this.agents = new AgentDoor({
      ...{ reviews, account: parts.agentAccount, nowMs, refusals: new RateLimiter(REFUSALS_OF_ADDRESS, nowMs) },
      batches: new RateLimiter(BATCHES_OF_NODE, nowMs),
    });
    this.sessions = new Sessions({
      nowMs,
      readStanding: makeStandingReader(reviews, this.#access, parts.listNamespaces),
      mayTrace: (identity, namespace) => this.#access.review(identity, { verb: 'trace', resource: 'pods', namespace }),
    });
  }

  [Symbol.dispose](): void {
    this.sessions.close();
  }

  /** A person with a token. */
  async logIn(token: string, address: string): Promise<Result<Opened, Refusal>> {
    const waitS = this.#logins.take(address) ?? this.#allLogins.take('all');
    if (waitS !== undefined) return fail(tooMany('logins', waitS));
    return await this.sessions.open(token);
  }

  /** Somebody without a session opens the login page. @returns in how many seconds they may, where that is not now */
  takeVisit(address: string): number | undefined {
    return this.#visits.take(address);
  }

  /** A person by the cookie, or a program by its token. */
  async admit({ authorization, cookie, address }: Credentials): Promise<Result<Admitted, Refusal>> {
    const session = await this.#find({ authorization, cookie, address });
    if (!session.ok) {
      const waitS = this.#refusals.take(address);
      return waitS === undefined || session.error.word === 'review-unavailable'
        ? session
        : fail(tooMany('refused requests', waitS));
    }
    const waitS = this.#requests.take(session.value.key);
    if (waitS !== undefined) return fail(tooMany('requests', waitS));
    const viewer = await this.sessions.confirm(session.value);
    return viewer.ok ? succeed({ session: session.value, viewer: viewer.value }) : viewer;
  }

  /** The same for a socket that stays open: while it is, the session counts as used. */
  async admitSocket(credentials: Credentials, socket: Duplex): Promise<Result<Admitted, Refusal>> {
    const admitted = await this.admit(credentials);
    if (!admitted.ok) return admitted;
    const { session } = admitted.value;
    if (session.sockets >= MOST_SOCKETS) {
      return fail({ word: 'too-many-requests', detail: `One session holds ${session.sockets} sockets open.` });
    }
    session.sockets += 1;
    const release = (): void => {
      session.sockets -= 1;
    };
    if (socket.closed) release();
    else socket.once('close', release);
    return admitted;
  }

  /** Logs out, whether the API server answers or not. */
  logOut(cookie: string | undefined): void {
    const id = readSessionCookie(cookie);
    const session = id === undefined ? undefined : this.sessions.find(id);
    if (session !== undefined) this.sessions.end(session);
  }

  /** Whether there is a session to ask about, for a page: what is in it comes from the API. */
  hasSession(cookie: string | undefined): boolean {
    const id = readSessionCookie(cookie);
    return id !== undefined && this.sessions.find(id) !== undefined;
  }

  /** Whether somebody may read a path that is no object: `/metrics`. Rejects with ReviewUnavailable. */
  mayRead(session: Session, path: string): Promise<boolean> {
    return this.#access.review(session.identity, { verb: 'get', path });
  }

  async #find({ authorization, cookie, address }: Credentials): Promise<Result<Session, Refusal>> {
    const token = readBearer(authorization);
    if (token !== undefined) {
      const known = this.sessions.findProgram(token);
      if (known !== undefined) return succeed(known);
      const waitS = this.#refusals.peek(address);
      return waitS === undefined ? await this.sessions.openProgram(token) : fail(tooMany('refused tokens', waitS));
    }
    const id = readSessionCookie(cookie);
    const session = id === undefined ? undefined : this.sessions.find(id);
    return session === undefined
      ? fail({ word: 'no-session', detail: 'Log in at /login, or send Authorization: Bearer with a token.' })
      : succeed(session);
  }
}

const makeStandingReader =
  (reviews: TokenReviews, access: AccessReviews, listNamespaces: () => readonly string[]): ReadStanding =>
  async (token) => {
    const review = await reviews.reviewAnew(token);
    if (!review.ok) return review;
    const identity = review.value;
    try {
      const scope = await readScope((question) => access.review(identity, question), listNamespaces);
      return succeed({ identity, scope });
    } catch (error) {
      return fail({ word: 'review-unavailable', detail: (error as Error).message });
    }
  };
