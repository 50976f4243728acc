import { InvocationEvent } from '#model/cni/invocation-event.ts';
import { fail, type Result, succeed } from '#model/result.ts';

/** How every line of ours begins: looked for where a crash left half a line before a whole one. */
const eventBeginning = '{"specversion"';

/**
 * Reads one line of the journal.
 * A crash in the middle of a write leaves half a line, and the next invocation appends to it: what stands behind the
 * torn half is taken as the event, and the half is reported.
 * @returns the event, with a problem beside it where only part of the line was ours; or the problem alone
 */
export function parseJournalLine(line: string): Result<{ event: InvocationEvent; problem?: string }, string> {
  const whole = parseEvent(line);
  if (whole.ok) return succeed({ event: whole.value });
  const start = line.lastIndexOf(eventBeginning);
  const rest = start > 0 ? parseEvent(line.slice(start)) : whole;
  if (!rest.ok) return fail(whole.error);
  return succeed({ event: rest.value, problem: `${start} bytes of a torn line before the event` });
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
