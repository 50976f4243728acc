import type { CollectorAddress } from './agent-settings.ts';
import { CommandDesk } from './answer-commands.ts';
import { findNamespaces } from './find-namespaces.ts';
import { followCommands } from './follow-commands.ts';
import type { KernelPart } from './kernel-part.ts';
import type { RecordQueue } from './report-source.ts';
import { runProbe } from './run-probe.ts';
import type { WakeSignal } from './wake-signal.ts';
import type { WriteLog } from './write-log-line.ts';

interface CommandParts {
  readonly collector: CollectorAddress;
  readonly node: string;
  readonly bootId: string;
  /** Reads the whole kernel; the next batch tells of it. */
  readonly readKernel: () => Promise<void>;
  readonly kernel: KernelPart;
  readonly results: RecordQueue;
  readonly wake: WakeSignal;
  readonly log: WriteLog;
  readonly signal: AbortSignal;
}

/** Takes commands from the collector until aborted, and gives it the answers with the batches. */
export function answerCommands(parts: CommandParts): Promise<void> {
  const { readKernel, kernel, results, wake, log, signal } = parts;
  const desk = new CommandDesk({
    tellSnapshot: async () => {
      await readKernel();
      const told = kernel.tellWhole();
      wake.notify();
      const outcome = await told;
      if (!outcome.ok) throw new Error(`the collector refused the snapshot: ${outcome.reason}`);
    },
    findNamespace: (id) => findNamespaces({ withProcesses: true }).find((found) => found.id === id)?.openPath,
    probe: (request) => runProbe(request, signal),
    answer: (result) => {
      results.add({ type: 'command.result', result });
      wake.notify();
    },
    log,
  });
  return followCommands({ ...parts, onLine: (line) => void desk.take(line) });
}
