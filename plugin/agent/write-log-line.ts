import { writeSync } from 'node:fs';
import type { JsonValue } from '#model/json.ts';

export type LogLevel = 'info' | 'warn' | 'error';
export type WriteLog = (level: LogLevel, message: string, details?: Readonly<Record<string, JsonValue>>) => void;

const stderrDescriptor = 2;

/** One JSON line on stderr, the form that the server's logs have as well. A reader that went away is no reason to fail. */
export const writeLogLine: WriteLog = (level, message, details = {}) => {
  const line = JSON.stringify({ level, time: new Date().toISOString(), part: 'agent', msg: message, ...details });
  try {
    writeSync(stderrDescriptor, `${line}\n`);
  } catch {
    // Nobody reads it.
  }
};

/** The message of anything thrown, its cause included. */
export function describeError(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.cause === undefined ? error.message : `${error.message}: ${describeError(error.cause)}`;
}
