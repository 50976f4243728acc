import { fail, type Result, succeed } from '#model/result.ts';
import type { Refusal } from '../api/problem-response.ts';
import type { RateLimiter } from './rate-limiter.ts';
import { readBearer } from './read-bearer.ts';
import { readTokenClaims } from './read-token-claims.ts';
import type { Identity } from './review-client.ts';
import type { TokenReviews } from './token-reviews.ts';
import { tooMany } from './too-many.ts';

/** Of an agent that may speak: for one node, until its token ends. */
export type AgentPass = {
  readonly node: string;
  readonly lastsMs: number;
  /** Whether its token is still good. `undefined`: nobody can say now. */
  readonly isGood: () => Promise<boolean | undefined>;
};

export const AGENT_AUDIENCE = 'podwire';
/** In the token of a pod since Kubernetes 1.30: ServiceAccountTokenPodNodeInfo, KEP 4193. */
const NODE_NAME = 'authentication.kubernetes.io/node-name';
/** kubelet renews it long before; a token that says no end has to come again nevertheless. */
const LONGEST_PASS_MS = 3_600_000;

/** Lets agents in that come over the network: each with its own ServiceAccount token, and only for the node in it. */
export class AgentDoor {
  readonly #reviews: TokenReviews;
  readonly #account: string | undefined;
  readonly #nowMs: () => number;
  readonly #refusals: RateLimiter;
  readonly #batches: RateLimiter;

  constructor(parts: {
    readonly reviews: TokenReviews;
    /** `system:serviceaccount:<namespace>:<name>`; absent: nobody is an agent. */
    readonly account: string | undefined;
    readonly nowMs: () => number;
    /** Of each address. */
    readonly refusals: RateLimiter;
    /** Of each node. */
    readonly batches: RateLimiter;
  }) {
    this.#reviews = parts.reviews;
    this.#account = parts.account;
    this.#nowMs = parts.nowMs;
    this.#refusals = parts.refusals;
    this.#batches = parts.batches;
  }

  async admit(authorization: string | undefined, address: string): Promise<Result<AgentPass, Refusal>> {
    const token = readBearer(authorization);
    const spentS = this.#refusals.peek(address);
    // An agent that shares its address with somebody who tries tokens is not kept out.
    if (spentS !== undefined && !(token !== undefined && this.#reviews.wasAccepted(token, AGENT_AUDIENCE))) {
      return fail(tooMany('refused tokens', spentS));
    }
    const pass = await this.#read(token);
    if (pass.ok) {
      const waitS = this.#batches.take(pass.value.node);
      return waitS === undefined ? pass : fail(tooMany(`requests of ${pass.value.node}`, waitS));
    }
    if (pass.error.word !== 'review-unavailable') this.#refusals.take(address);
    return pass;
  }

  async #read(token: string | undefined): Promise<Result<AgentPass, Refusal>> {
    if (token === undefined) {
      const detail = `Send Authorization: Bearer with a token for the audience ${AGENT_AUDIENCE}.`;
      return fail({ word: 'no-token', detail });
    }
    const review = await this.#reviews.review(token, AGENT_AUDIENCE);
    if (!review.ok) return review;
    const node = this.#readNode(review.value);
    if (!node.ok) return node;
    const { expiresAtMs = Number.POSITIVE_INFINITY } = readTokenClaims(token);
    return succeed({
      node: node.value,
      lastsMs: Math.min(expiresAtMs - this.#nowMs(), LONGEST_PASS_MS),
      isGood: async () => {
        const again = await this.#reviews.review(token, AGENT_AUDIENCE);
        return again.ok || (again.error.word === 'review-unavailable' ? undefined : false);
      },
    });
  }

  #readNode({ username, extra }: Identity): Result<string, Refusal> {
    if (this.#account === undefined) {
      const detail = 'This Podwire takes no agents from the network: PODWIRE_AGENT_ACCOUNT names nobody.';
      return fail({ word: 'not-the-agent', detail });
    }
    if (username !== this.#account) {
      return fail({ word: 'not-the-agent', detail: `${username} is not the agents’ account.` });
    }
    const node = extra[NODE_NAME]?.[0];
    if (node !== undefined) return succeed(node);
    const detail = 'The token is not bound to a pod on a node: it has to be one that kubelet projects.';
    return fail({ word: 'not-the-agent', detail });
  }
}
