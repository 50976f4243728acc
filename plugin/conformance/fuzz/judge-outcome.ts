import { z } from 'zod';
import { CniError } from '#model/cni/invocation-event.ts';

/** What came out of one process. */
export type FuzzOutcome = {
  readonly exitCode: number | null;
  readonly signal: string | null;
  readonly stdout: string;
  readonly stderr: string;
};

const VERSIONS = ['0.1.0', '0.2.0', '0.3.0', '0.3.1', '0.4.0', '1.0.0', '1.1.0'];

/** CNI specification, section "Error": these keys and no others. */
const PrintedError = z.strictObject({ cniVersion: z.enum(VERSIONS), ...CniError.shape, msg: z.string().min(1) });

/** Our own code for a bug: no input may reach it. */
const INTERNAL_CODE = 999;

const STACK_TRACE = /\n\s+at |\bat [^\n]*:\d+:\d+|\$bunfs|TypeError|RangeError|ReferenceError/;

/** @returns what is wrong with the outcome, one sentence; undefined where nothing is */
export function judgeOutcome(command: string, { exitCode, signal, stdout, stderr }: FuzzOutcome): string | undefined {
  if (signal !== null) return `ended by ${signal}`;
  if (exitCode !== 0 && exitCode !== 1) return `exit code ${exitCode}`;
  if (STACK_TRACE.test(stdout)) return 'a stack trace on stdout';
  if (STACK_TRACE.test(stderr)) return 'a stack trace on stderr';
  if (exitCode === 1) return judgeError(stdout);
  if (command !== 'ADD' && command !== 'VERSION') return stdout === '' ? undefined : 'output where none is due';
  return parseJson(stdout) === undefined ? 'a result that is no JSON object' : undefined;
}

function judgeError(stdout: string): string | undefined {
  const error = PrintedError.safeParse(parseJson(stdout));
  if (!error.success) return `no error object: ${z.prettifyError(error.error)}`;
  return error.data.code === INTERNAL_CODE ? 'an internal error' : undefined;
}

function parseJson(text: string): object | undefined {
  try {
    const value = JSON.parse(text) as unknown;
    return typeof value === 'object' && value !== null ? value : undefined;
  } catch {
    return undefined;
  }
}
