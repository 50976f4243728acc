import { randomBytes } from 'node:crypto';
import { fail, type Result, succeed } from '#model/result.ts';
import type { Refusal } from '../api/problem-response.ts';
import { readTokenClaims } from './read-token-claims.ts';
import type { Identity } from './review-client.ts';
import type { Scope } from './scope.ts';
import { hashToken } from './token-reviews.ts';
import type { Viewer } from './viewer.ts';

/** Whose a token is and what they may see, as the API server says now. */
export type Standing = { readonly identity: Identity; readonly scope: Scope };
export type ReadStanding = (token: string) => Promise<Result<Standing, Refusal>>;

/** Of one login, or of one program's token while it is used. */
export type Session = {
  readonly key: string;
  readonly token: string;
  readonly expiresAtMs: number;
  readonly isProgram: boolean;
  identity: Identity;
  viewer: Viewer;
  end: AbortController;
  /** When the API server last stood by it. */
  confirmedMs: number;
  /** When to ask again. */
  dueMs: number;
  usedMs: number;
  /** Sockets that are open. */
  sockets: number;
  asking: Promise<Refusal | undefined> | undefined;
};

type Parts = {
  readonly readStanding: ReadStanding;
  readonly mayTrace: (identity: Identity, namespace: string) => Promise<boolean>;
  readonly nowMs: () => number;
};

const SESSION_MS = 3_600_000;
const CONFIRM_MS = 60_000;
/** While the API server is away nobody is thrown out at once: that is when the dashboard is needed. */
const UNCONFIRMED_MS = 300_000;
const ASK_AGAIN_MS = 5_000;
/** A program has no logout. */
const PROGRAM_IDLE_MS = 120_000;
const MOST_SESSIONS = 5_000;
const MOST_OF_ONE_USER = 20;
const LOOK_MS = 5_000;
const ID_BYTES = 32;

/**
 * Who is logged in, in memory alone: a restart ends every session. Looked up by the hash of what the cookie or the header holds, so
 * that no comparison meets a secret and none can be read out of it.
 */
export class Sessions {
  readonly #sessions = new Map<string, Session>();
  readonly #parts: Parts;
  readonly #timer: NodeJS.Timeout;

  constructor(parts: Parts) {
    this.#parts = parts;
    this.#timer = setInterval(() => this.look(), LOOK_MS).unref();
  }

  get size(): number {
    return this.#sessions.size;
  }

  /** Logs in with a token: its owner, and the secret of the cookie, which is told once and kept nowhere. */
  async open(token: string): Promise<Result<{ readonly id: string; readonly session: Session }, Refusal>> {
    const id = randomBytes(ID_BYTES).toString('base64url');
    const session = await this.#create(token, { key: hashToken(id), isProgram: false });
    return session.ok ? succeed({ id, session: session.value }) : session;
  }

  /** The session of a cookie, without asking anybody; `undefined`: there is none. */
  find(id: string): Session | undefined {
    return this.#findStanding(hashToken(id));
  }

  /** The standing session of a program's token. */
  findProgram(token: string): Session | undefined {
    return this.#findStanding(keyOfProgram(token));
  }

  /** Not past its end, though nobody has looked since. */
  #findStanding(key: string): Session | undefined {
    const session = this.#sessions.get(key);
    if (session === undefined || session.expiresAtMs > this.#parts.nowMs()) return session;
    this.end(session);
    return undefined;
  }

  /** Makes it, with the first request. */
  openProgram(token: string): Promise<Result<Session, Refusal>> {
    return this.#create(token, { key: keyOfProgram(token), isProgram: true });
  }

  /** Whoever asks, confirmed within the last minute where the API server answers. */
  async confirm(session: Session): Promise<Result<Viewer, Refusal>> {
    session.usedMs = this.#parts.nowMs();
    const refusal = await this.#refresh(session);
    if (refusal !== undefined) return fail(refusal);
    if (this.#sessions.get(session.key) === session) return succeed(session.viewer);
    return fail({ word: 'no-session', detail: 'The session has ended.' });
  }

  /** Its sockets end with it. */
  end(session: Session): void {
    this.#sessions.delete(session.key);
    session.end.abort();
  }

  /** Ends what is over, and asks again about those who only hold a socket open. */
  look(): void {
    const nowMs = this.#parts.nowMs();
    for (const session of this.#sessions.values()) {
      const isIdle = session.isProgram && session.sockets === 0 && nowMs - session.usedMs > PROGRAM_IDLE_MS;
      if (session.expiresAtMs <= nowMs || isIdle) this.end(session);
      else if (session.sockets > 0) void this.#refresh(session);
    }
  }

  close(): void {
    clearInterval(this.#timer);
    for (const session of this.#sessions.values()) this.end(session);
  }

  async #create(
    token: string,
    { key, isProgram }: { readonly key: string; readonly isProgram: boolean },
  ): Promise<Result<Session, Refusal>> {
    const standing = await this.#parts.readStanding(token);
    if (!standing.ok) return standing;
    // A program's first requests may come together.
    const other = this.#sessions.get(key);
    if (other !== undefined) return succeed(other);
    const { identity, scope } = standing.value;
    const nowMs = this.#parts.nowMs();
    const { expiresAtMs = Number.POSITIVE_INFINITY } = readTokenClaims(token);
    const end = new AbortController();
    const session: Session = {
      ...{ key, token, isProgram, identity, end, viewer: this.#makeViewer(identity, scope, end.signal) },
      ...{ expiresAtMs: Math.min(expiresAtMs, nowMs + SESSION_MS), confirmedMs: nowMs, dueMs: nowMs + CONFIRM_MS },
      ...{ usedMs: nowMs, sockets: 0, asking: undefined },
    };
    this.#makeRoom(identity.username);
    this.#sessions.set(key, session);
    return succeed(session);
  }

  /** The oldest goes, of the same person first. */
  #makeRoom(username: string): void {
    const own = [...this.#sessions.values()].filter(({ identity }) => identity.username === username);
    const [oldest] = this.#sessions.values();
    if (own.length >= MOST_OF_ONE_USER && own[0] !== undefined) this.end(own[0]);
    else if (this.#sessions.size >= MOST_SESSIONS && oldest !== undefined) this.end(oldest);
  }

  /** Answers why it may not go on; one question at a time. */
  #refresh(session: Session): Promise<Refusal | undefined> | Refusal | undefined {
    if (session.asking !== undefined) return session.asking;
    if (this.#parts.nowMs() < session.dueMs) return undefined;
    session.asking = this.#ask(session).finally(() => {
      session.asking = undefined;
    });
    return session.asking;
  }

  async #ask(session: Session): Promise<Refusal | undefined> {
    const standing = await this.#parts.readStanding(session.token);
    const nowMs = this.#parts.nowMs();
    if (standing.ok) {
      session.confirmedMs = nowMs;
      session.dueMs = nowMs + CONFIRM_MS;
      this.#renew(session, standing.value);
      return undefined;
    }
    if (standing.error.word !== 'review-unavailable') {
      this.end(session);
      return { word: 'no-session', detail: `The session has ended. ${standing.error.detail}` };
    }
    if (nowMs - session.confirmedMs < UNCONFIRMED_MS) {
      session.dueMs = nowMs + ASK_AGAIN_MS;
      return undefined;
    }
    this.#renew(session, undefined);
    return standing.error;
  }

  /** With other rights, or with none for now, its sockets end; the session goes on. */
  #renew(session: Session, standing: Standing | undefined): void {
    const { viewer, identity } = session;
    const isSame = JSON.stringify(standing?.identity) === JSON.stringify(identity);
    if (standing !== undefined && isSame && standing.scope.key === viewer.scope.key) return;
    const { end } = session;
    session.end = new AbortController();
    session.identity = standing?.identity ?? identity;
    session.viewer = this.#makeViewer(session.identity, standing?.scope ?? viewer.scope, session.end.signal);
    end.abort();
  }

  #makeViewer(identity: Identity, scope: Scope, ended: AbortSignal): Viewer {
    const mayTrace = (namespace: string): Promise<boolean> => this.#parts.mayTrace(identity, namespace);
    return { user: identity.username, scope, mayTrace, ended };
  }
}

const keyOfProgram = (token: string): string => `program ${hashToken(token)}`;
