import { setTimeout as wait } from 'node:timers/promises';

const POLL_MS = 100;
/** On two cores that others use as well. */
const DEADLINE_MS = 180_000;

/** What is waited for, in words for the error, and what to add to it when it never came. */
export type Wish = { readonly what: string; readonly deadlineMs?: number; readonly explain?: () => unknown };

/** Asks again until the answer is something. A question that throws counts as no answer yet; its error is told at the end. */
export async function waitFor<T>(wish: Wish, ask: () => Promise<T | undefined | false>): Promise<T> {
  const { what, deadlineMs = DEADLINE_MS, explain } = wish;
  const endMs = performance.now() + deadlineMs;
  let problem: unknown;
  for (;;) {
    try {
      const answer = await ask();
      if (answer !== undefined && answer !== false) return answer;
      problem = undefined;
    } catch (error) {
      problem = error;
    }
    if (performance.now() > endMs) {
      const said = explain === undefined ? '' : `: ${JSON.stringify(await explain(), undefined, 1)}`;
      throw new Error(`waited ${deadlineMs / 1000} s in vain for ${what}${said}`, { cause: problem });
    }
    await wait(POLL_MS);
  }
}
