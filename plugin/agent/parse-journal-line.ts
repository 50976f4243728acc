import { InvocationEvent } from '#model/cni/invocation-event.ts';
import { fail, type Result, succeed } from '#model/result.ts';

/** How every line of ours begins: looked for where a crash left half a line before a whole one. */
const eventBeginning = '{"specversion"';

/** More halves than this before an event are not of a disk that was full for a moment. */
const tornLimit = 32;

/**
 * Reads one line of the journal.
 * A crash or a full disk in the middle of a write leaves half a line, and the next invocation appends to it: what stands
 * behind the torn half is taken as the event, and the half is reported. The words with which an event begins may stand in
 * an event too, so the first beginning counts that gives a whole one.
 * @returns the event, with a problem beside it where only part of the line was ours; or the problem alone
 */
export function parseJournalLine(line: string): Result<{ event: InvocationEvent; problem?: string }, string> {
  const whole = parseEvent(line);
  if (whole.ok) return succeed({ event: whole.value });
  let start = line.indexOf(eventBeginning, 1);
  for (let count = 0; start !== -1 && count < tornLimit; count += 1) {
    const rest = parseEvent(line.slice(start));
    if (rest.ok) return succeed({ event: rest.value, problem: `${start} bytes of a torn line before the event` });
    start = line.indexOf(eventBeginning, start + 1);
  }
  return fail(whole.error);
}

function parseEvent(text: string): Result<InvocationEvent, string> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    return fail(`not JSON: ${String(error)}`);
  }
  try {
    const parsed = InvocationEvent.safeParse(value);
    if (parsed.success) return succeed(parsed.data);
    const [issue] = parsed.error.issues;
    return fail(`not an invocation event: ${issue?.path.join('.') ?? ''}: ${issue?.message ?? ''}`);
  } catch (error) {
    // A configuration nested thousands of levels deep is valid JSON, and more than the stack of the check can hold.
    return fail(`cannot be checked: ${String(error)}`);
  }
}
