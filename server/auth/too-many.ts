import type { Refusal } from '../api/problem-response.ts';

/** Somebody is beyond a limit. */
export const tooMany = (what: string, retryAfterS: number): Refusal => ({
  word: 'too-many-requests',
  detail: `Too many ${what}. Try again in ${retryAfterS} s.`,
  retryAfterS,
});
