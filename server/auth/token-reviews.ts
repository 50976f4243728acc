import { createHash } from 'node:crypto';
import { fail, type Result, succeed } from '#model/result.ts';
import type { Refusal } from '../api/problem-response.ts';
import { readTokenClaims } from './read-token-claims.ts';
import { type Kept, ReviewCache } from './review-cache.ts';
import type { Identity, Reviewer } from './review-client.ts';

export type TokenReview = Result<Identity, Refusal>;

const KEPT_MS = 60_000;
/** A token that was refused may be good soon: an account made a moment later, a clock that is behind. */
const REFUSED_KEPT_MS = 5_000;
/** While the API server is away, whom it knew stays known for so long: that is when the cluster has to be seen. As sessions of people. */
const UNCONFIRMED_MS = 300_000;
const ASK_AGAIN_MS = 5_000;
/** Two for each of 5,000 nodes, and people. */
const MOST_ANSWERS = 20_000;
const LONGEST_TOKEN = 16_384;

/** What a token is known by: itself it is kept nowhere but in a session, which needs it. */
export const hashToken = (token: string, audience = ''): string =>
  createHash('sha256').update(audience).update('\0').update(token).digest('hex');

/**
 * Whose token is it? Asked of the API server at most once a minute for each token, and never past the token's own end. While it is
 * away, what it said last counts for five minutes.
 */
export class TokenReviews {
  readonly #reviewer: Reviewer;
  readonly #cache: ReviewCache<TokenReview>;
  readonly #nowMs: () => number;

  constructor(parts: { readonly reviewer: Reviewer; readonly nowMs: () => number }) {
    this.#reviewer = parts.reviewer;
    this.#nowMs = parts.nowMs;
    this.#cache = new ReviewCache({ most: MOST_ANSWERS, nowMs: parts.nowMs });
  }

  /** `audience` absent: the API server's own. Never rejects: an API server that is away is a refusal as well. */
  async review(token: string, audience?: string): Promise<TokenReview> {
    if (token.length > LONGEST_TOKEN || !/^[\x21-\x7e]+$/.test(token)) {
      return fail({ word: 'token-refused', detail: 'This is no bearer token.' });
    }
    return await this.#read(token, audience);
  }

  /** The same, with nothing remembered of it. */
  async reviewAnew(token: string): Promise<TokenReview> {
    this.#cache.forget(hashToken(token));
    return await this.review(token);
  }

  /** Whether it was good when it was last asked about: for limits, not for rights. */
  wasAccepted(token: string, audience: string): boolean {
    return this.#cache.recall(hashToken(token, audience))?.value.ok === true;
  }

  async #read(token: string, audience: string | undefined): Promise<TokenReview> {
    const key = hashToken(token, audience);
    try {
      return await this.#cache.read(key, () => this.#ask(token, audience));
    } catch (error) {
      const standing = this.#recallStanding(key, token);
      if (standing !== undefined) return standing;
      return fail({
        word: 'review-unavailable',
        detail: `The Kubernetes API cannot say whose token it is: ${(error as Error).message}. Try again.`,
      });
    }
  }

  #recallStanding(key: string, token: string): TokenReview | undefined {
    const nowMs = this.#nowMs();
    const last = this.#cache.recall(key);
    const { expiresAtMs = Number.POSITIVE_INFINITY } = readTokenClaims(token);
    if (last?.value.ok !== true || nowMs - last.atMs >= UNCONFIRMED_MS || expiresAtMs <= nowMs) return undefined;
    this.#cache.extend(key, Math.min(ASK_AGAIN_MS, expiresAtMs - nowMs));
    return last.value;
  }

  async #ask(token: string, audience: string | undefined): Promise<Kept<TokenReview>> {
    const verdict = await this.#reviewer.reviewToken(token, audience);
    const { expiresAtMs = Number.POSITIVE_INFINITY, audiences } = readTokenClaims(token);
    const restMs = expiresAtMs - this.#nowMs();
    if (verdict.type === 'accepted' && restMs > 0) {
      return { value: succeed(verdict.identity), keptMs: Math.min(KEPT_MS, restMs) };
    }
    const reason = verdict.type === 'refused' ? verdict.reason : '';
    const isElsewhere = audience !== undefined && audiences.length > 0 && !audiences.includes(audience);
    const refusal: Refusal =
      restMs <= 0
        ? { word: 'token-expired', detail: `The token ended at ${new Date(expiresAtMs).toISOString()}.` }
        : isElsewhere
          ? { word: 'wrong-audience', detail: `The token is not for the audience ${audience}.` }
          : { word: 'token-refused', detail: `The Kubernetes API does not take this token: ${reason}.` };
    return { value: fail(refusal), keptMs: REFUSED_KEPT_MS };
  }
}
