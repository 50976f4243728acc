import { createHash } from 'node:crypto';
import { ReviewCache } from './review-cache.ts';
import type { AccessQuestion, Identity, Reviewer } from './review-client.ts';

/** The API server cannot be asked what somebody may do: `review-unavailable`. */
export class ReviewUnavailable extends Error {}

const KEPT_MS = 30_000;
/** Fifty persons in 1,000 namespaces. */
const MOST_ANSWERS = 50_000;

/** What may they do? Asked of the API server, and remembered for half a minute. */
export class AccessReviews {
  readonly #reviewer: Reviewer;
  readonly #cache: ReviewCache<boolean>;

  constructor(parts: { readonly reviewer: Reviewer; readonly nowMs: () => number }) {
    this.#reviewer = parts.reviewer;
    this.#cache = new ReviewCache({ most: MOST_ANSWERS, nowMs: parts.nowMs });
  }

  /** Rejects with ReviewUnavailable. */
  async review(identity: Identity, question: AccessQuestion): Promise<boolean> {
    // An account's groups may change while it keeps its name.
    const key = createHash('sha256')
      .update(JSON.stringify([identity, question]))
      .digest('base64');
    try {
      return await this.#cache.read(key, async () => ({
        value: await this.#reviewer.reviewAccess(identity, question),
        keptMs: KEPT_MS,
      }));
    } catch (cause) {
      const reason = cause instanceof Error ? cause.message : String(cause);
      throw new ReviewUnavailable(`The Kubernetes API cannot say what ${identity.username} may do: ${reason}.`, {
        cause,
      });
    }
  }
}
