import { execFile } from 'node:child_process';
import { CommandResult } from '#model/protocol/agent-command.ts';
import type { ProbeRequest } from '#plugin/probe/probe-request.ts';

/** For the start of the process, beside the time that the probe may wait. */
const graceMs = 5_000;

/**
 * Makes the probe in a process of its own.
 * @throws where it could not be made: the process says why
 */
export function runProbe(request: ProbeRequest, signal: AbortSignal): Promise<CommandResult['probe']> {
  const options = {
    encoding: 'utf8' as const,
    timeout: request.timeoutMs + graceMs,
    killSignal: 'SIGKILL' as const,
    env: {} as NodeJS.ProcessEnv,
    signal,
  };
  return new Promise((resolve, reject) => {
    execFile(process.execPath, ['probe', JSON.stringify(request)], options, (error, stdout, stderr) => {
      if (error !== null) return reject(new Error(stderr.trim() || error.message, { cause: error }));
      try {
        resolve(CommandResult.shape.probe.parse(JSON.parse(stdout)));
      } catch (cause) {
        reject(new Error('the probe did not say what came back', { cause }));
      }
    });
  });
}
