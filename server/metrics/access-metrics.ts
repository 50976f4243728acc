import { Counter, type Registry } from 'prom-client';
import type { ProblemWord } from '../api/problem-response.ts';
import type { Reviewer } from '../auth/review-client.ts';

/** Counts who was let in and who was not, by bounded words only: never by a name, an address or a node. */
export type AccessMetrics = {
  /** At any door, for who they are or where they come from. */
  readonly refused: (word: ProblemWord) => void;
  readonly loggedIn: (outcome: ProblemWord | 'accepted') => void;
  /** The same reviewer, its questions counted. */
  readonly countReviews: (reviewer: Reviewer) => Reviewer;
};

/** Counted from the beginning, so that a rate of the first one can be told. */
const REFUSALS: readonly ProblemWord[] = [
  'foreign-host',
  'foreign-origin',
  'no-session',
  'no-token',
  'token-refused',
  'token-expired',
  'wrong-audience',
  'not-the-agent',
  'other-node',
  'not-allowed',
  'too-many-requests',
  'review-unavailable',
];

export function makeAccessMetrics(registry: Registry): AccessMetrics {
  const registers = [registry];
  const refusals = new Counter({
    name: 'podwire_refused_requests_total',
    help: 'Requests of people, programs and agents that were refused for who sent them, by the word of the problem',
    labelNames: ['reason'],
    registers,
  });
  const logins = new Counter({
    name: 'podwire_logins_total',
    help: 'Logins by what became of them',
    labelNames: ['outcome'],
    registers,
  });
  const reviews = new Counter({
    name: 'podwire_api_reviews_total',
    help: 'Questions to the Kubernetes API about tokens and rights, by the answer',
    labelNames: ['kind', 'answer'],
    registers,
  });
  for (const reason of REFUSALS) refusals.inc({ reason }, 0);
  logins.inc({ outcome: 'accepted' }, 0);
  const count = async <T>(kind: string, asked: Promise<T>, isGood: (answer: T) => boolean): Promise<T> => {
    try {
      const answer = await asked;
      reviews.inc({ kind, answer: isGood(answer) ? 'yes' : 'no' });
      return answer;
    } catch (error) {
      reviews.inc({ kind, answer: 'none' });
      throw error;
    }
  };
  return {
    refused: (reason) => refusals.inc({ reason }),
    loggedIn: (outcome) => logins.inc({ outcome }),
    countReviews: (reviewer) => ({
      reviewToken: (...asked) => count('token', reviewer.reviewToken(...asked), ({ type }) => type === 'accepted'),
      reviewAccess: (...asked) => count('access', reviewer.reviewAccess(...asked), (isAllowed) => isAllowed),
    }),
  };
}
