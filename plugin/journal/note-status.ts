import type { StatusNote } from '#model/agent/status-note.ts';
import type { CniError } from '#model/cni/invocation-event.ts';
import { STATUS_FILE } from '#plugin/configuration/node-directories.ts';
import { inFolderOf, readExistingText, rewriteText } from '#plugin/netlink/file-calls.ts';
import { formatTimestamp } from './describe-invocation.ts';

/** A failing network is asked about every 5 s: one line a minute says as much. */
const LINE_INTERVAL_MS = 60_000;

export type StatusAnswer = {
  /** Milliseconds since 1970, with a fraction. */
  readonly startedAtMs: number;
  readonly network: string | undefined;
  readonly error: CniError | undefined;
};

/** Whether the journal is to have a line of this answer, and how many of the same before it have none. */
export type StatusLine = { readonly isDue: boolean; readonly repeats: number };

/**
 * Leaves on the node that STATUS was asked and what the answer was. A failure that is the same as the one before gets a
 * line a minute. Two runtimes that ask at once may each overwrite the other's note: the next one is right again.
 * @throws where the note cannot be written; the caller journals every failure then
 */
export function noteStatus(runDirectory: string, answer: StatusAnswer): StatusLine {
  const path = `${runDirectory}/${STATUS_FILE}`;
  const note = readNote(path);
  const before = note !== undefined && isSameAnswer(note, answer) ? note : undefined;
  const line = judgeLine(before, answer);
  const now = formatTimestamp(answer.startedAtMs);
  const { network, error } = answer;
  const journalledAt = line.isDue ? now : before?.journalledAt;
  const next: StatusNote = {
    lastAskedAt: now,
    since: before?.since ?? now,
    ...(network !== undefined && { network }),
    ...(error !== undefined && { error: { code: error.code, msg: error.msg } }),
    ...(journalledAt !== undefined && { journalledAt }),
    unjournalled: error === undefined || line.isDue ? 0 : (before?.unjournalled ?? 0) + 1,
  };
  inFolderOf(path, () => rewriteText(path, JSON.stringify(next)));
  return line;
}

/** A clock that was set back makes a line due too: better one too many than none for hours. */
function judgeLine(before: StatusNote | undefined, { error, startedAtMs }: StatusAnswer): StatusLine {
  if (error === undefined) return { isDue: false, repeats: 0 };
  const sinceLineMs = startedAtMs - Date.parse(before?.journalledAt ?? '');
  if (sinceLineMs >= 0 && sinceLineMs < LINE_INTERVAL_MS) return { isDue: false, repeats: 0 };
  return { isDue: true, repeats: before?.unjournalled ?? 0 };
}

function isSameAnswer(note: StatusNote, { network, error }: StatusAnswer): boolean {
  return note.network === network && note.error?.code === error?.code && note.error?.msg === error?.msg;
}

/** One that was being written, or is somebody else's, tells nothing. */
function readNote(path: string): StatusNote | undefined {
  try {
    const note = JSON.parse(readExistingText(path) ?? '') as StatusNote | null;
    return typeof note?.lastAskedAt === 'string' ? note : undefined;
  } catch {
    return undefined;
  }
}
