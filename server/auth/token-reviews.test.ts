import { afterEach, beforeEach, expect, test } from 'vitest';
import { makeToken } from '../testing/make-token.ts';
import { ReviewServerDouble } from '../testing/review-server-double.ts';
import { TokenReviews } from './token-reviews.ts';

let api: ReviewServerDouble;
let reviews: TokenReviews;
let nowMs = 0;

beforeEach(async () => {
  nowMs = Date.parse('2026-01-01T00:00:00Z');
  api = new ReviewServerDouble();
  reviews = new TokenReviews({ reviewer: await api.listen(), nowMs: () => nowMs });
});
afterEach(() => api[Symbol.asyncDispose]());

function issue(seconds: number): string {
  const token = makeToken({ sub: 'agent', aud: ['podwire'], exp: nowMs / 1_000 + seconds });
  api.accounts.set(token, { username: 'agent', audience: 'podwire' });
  return token;
}

const review = async (token: string): Promise<string> => {
  const answer = await reviews.review(token, 'podwire');
  return answer.ok ? answer.value.username : answer.error.word;
};

test('a token is asked about once a minute, however often it comes and however many come at once', async () => {
  const token = issue(3_600);
  await Promise.all(Array.from({ length: 100 }, () => review(token)));
  nowMs += 59_000;
  expect(await review(token)).toBe('agent');
  expect(api.questions).toHaveLength(1);
  nowMs += 2_000;
  expect(await review(token)).toBe('agent');
  expect(api.questions).toHaveLength(2);
});

test('a token is not taken past its own end, whatever was answered a moment ago', async () => {
  const token = issue(20);
  expect(await review(token)).toBe('agent');
  nowMs += 21_000;
  expect(await review(token)).toBe('token-expired');
});

test('while the API server is away a token that it knew is taken for five minutes, not past its own end, and no other is', async () => {
  const [token, short, stranger] = [issue(3_600), issue(120), issue(3_601)];
  expect([await review(token), await review(short)]).toEqual(['agent', 'agent']);
  api.isBroken = true;
  nowMs += 61_000;
  expect([await review(token), await review(short)]).toEqual(['agent', 'agent']);
  expect(await review(stranger)).toBe('review-unavailable');
  nowMs += 60_000;
  expect([await review(token), await review(short)]).toEqual(['agent', 'review-unavailable']);
  nowMs += 180_000;
  expect(await review(token)).toBe('review-unavailable');
  api.isBroken = false;
  expect([await review(token), await review(short)]).toEqual(['agent', 'token-expired']);
});

test('a token that was refused before the API server went away is not taken while it is', async () => {
  const token = issue(3_600);
  expect(await review(token)).toBe('agent');
  api.accounts.delete(token);
  nowMs += 61_000;
  expect(await review(token)).toBe('token-refused');
  api.isBroken = true;
  nowMs += 6_000;
  expect(await review(token)).toBe('review-unavailable');
});

test('a deleted account is refused within a minute, and one that is made anew within seconds', async () => {
  const token = issue(3_600);
  expect(await review(token)).toBe('agent');
  const account = api.accounts.get(token);
  api.accounts.delete(token);
  nowMs += 61_000;
  expect(await review(token)).toBe('token-refused');
  if (account !== undefined) api.accounts.set(token, account);
  nowMs += 6_000;
  expect(await review(token)).toBe('agent');
});

test('a token for the API server itself is not good for one audience as well, nor the other way round', async () => {
  const token = issue(3_600);
  expect(await review(token)).toBe('agent');
  const own = await reviews.review(token);
  expect(own.ok).toBe(false);
});

test('an API server that knows no audiences takes any token: its word is not enough', async () => {
  const token = issue(3_600);
  api.knowsAudiences = false;
  expect(await review(token)).toBe('token-refused');
});

test.each(['', '<html>proxy</html>', '{"status":{}', '{"status":{"authenticated":"yes"}}', '{"kind":"Status"}'])(
  'an answer that is no review is no answer: %j',
  async (answer) => {
    const token = issue(3_600);
    api.answer = answer.replace('proxy', token);
    expect(await review(token)).toBe('review-unavailable');
    const again = await reviews.review(token, 'podwire');
    expect(again.ok ? '' : again.error.detail).not.toContain(token.slice(0, 20));
  },
);
