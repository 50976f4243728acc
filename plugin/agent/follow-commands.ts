import type { CollectorAddress } from './agent-settings.ts';
import { callCollector } from './call-collector.ts';
import { WakeSignal } from './wake-signal.ts';
import { describeError, type WriteLog } from './write-log-line.ts';

interface CommandStream {
  readonly collector: CollectorAddress;
  readonly node: string;
  readonly bootId: string;
  /** One line of the stream, not empty. */
  readonly onLine: (line: string) => void;
  readonly log: WriteLog;
  readonly signal: AbortSignal;
}

const firstRetryMs = 250;
const longestRetryMs = 10_000;
/** Three heartbeats of the collector: a stream that is silent for longer is dead, whatever TCP thinks. */
const silenceMs = 30_000;
/** A command is a few hundred bytes. */
const lineLimitCharacters = 64 * 1024;

/** Holds the collector's stream of commands open until aborted, and opens it again whenever it ends. */
export async function followCommands(stream: CommandStream): Promise<void> {
  const { signal, log } = stream;
  let isTold = false;
  for (let retryMs = firstRetryMs; !signal.aborted; retryMs = Math.min(longestRetryMs, retryMs * 2)) {
    const onOpen = (): void => {
      if (isTold) log('info', 'the collector gives commands again');
      isTold = false;
      retryMs = firstRetryMs;
    };
    const reason = await readStream(stream, onOpen);
    if (signal.aborted) return;
    if (!isTold) log('warn', 'the collector gives no commands', { reason });
    isTold = true;
    await new WakeSignal().wait(retryMs, signal);
  }
}

/** @returns why it ended */
async function readStream(stream: CommandStream, onOpen: () => void): Promise<string> {
  const { collector, node, bootId, signal } = stream;
  const silence = new AbortController();
  const restart = (): NodeJS.Timeout =>
    setTimeout(() => silence.abort(new Error(`silent for ${silenceMs} ms`)), silenceMs);
  let timer = restart();
  try {
    const query = new URLSearchParams({ node, bootId });
    const response = await callCollector(collector, `/agent/v1/commands?${query}`, {
      signal: AbortSignal.any([signal, silence.signal]),
    });
    if (!response.ok || response.body === null) {
      return `HTTP ${response.status}: ${(await response.text()).slice(0, 300)}`;
    }
    onOpen();
    let rest = '';
    for await (const text of response.body.pipeThrough(new TextDecoderStream())) {
      clearTimeout(timer);
      timer = restart();
      const lines = (rest + text).split('\n');
      rest = lines.pop() ?? '';
      for (const line of lines) if (line.trim() !== '') stream.onLine(line);
      if (rest.length > lineLimitCharacters) return 'a line without end';
    }
    return 'the stream ended';
  } catch (error) {
    return describeError(error);
  } finally {
    clearTimeout(timer);
    silence.abort();
  }
}
