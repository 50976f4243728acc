import { runOrThrow } from '#lab/run-command.ts';
import type { BenchNode } from '../node/boot-node.ts';

/** Signals the agent in its pod, as seen from the node. @throws where none runs */
export async function signalAgent(node: BenchNode, signal: 'STOP' | 'KILL'): Promise<void> {
  await runOrThrow([...node.enter, 'pkill', `-${signal}`, '-f', '^[^ ]*podwire agent$']);
}
