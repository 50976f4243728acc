import type { ProblemWord } from '../api/problem-response.ts';

/** Why somebody may not, as a problem document says it. Nothing of a token is in it. */
export type AuthRefusal = { readonly word: ProblemWord; readonly detail: string; readonly retryAfterS?: number };

export const tooMany = (what: string, retryAfterS: number): AuthRefusal => ({
  word: 'too-many-requests',
  detail: `Too many ${what}. Try again in ${retryAfterS} s.`,
  retryAfterS,
});
