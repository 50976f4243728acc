import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type RuntimeStatus, StatusNote } from '#model/agent/status-note.ts';
import { STATUS_FILE } from '#plugin/configuration/node-directories.ts';

/** Runtimes ask every 5 s or so: after this time without a question they do not ask any more. */
const ASKED_WITHIN_MS = 30_000;

/** What the plugin has noted of the runtime's STATUS. @returns undefined where nothing is noted, or it cannot be read now */
export function readRuntimeStatus(runFolder: string, nowMs: number): RuntimeStatus | undefined {
  try {
    const { lastAskedAt, since, network, error } = StatusNote.parse(
      JSON.parse(readFileSync(join(runFolder, STATUS_FILE), 'utf8')),
    );
    const isAsked = nowMs - Date.parse(lastAskedAt) < ASKED_WITHIN_MS;
    return {
      lastAskedAt,
      since,
      ...(network !== undefined && { network }),
      ...(error !== undefined && { error }),
      isAsked,
    };
  } catch {
    return undefined;
  }
}
