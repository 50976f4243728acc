import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { InvocationEvent } from '#model/cni/invocation-event.ts';
import type { KernelSnapshot } from '#model/kernel/kernel-snapshot.ts';

/** A node as the real executable and the real kernel told it. */
export type RecordedNode = {
  readonly snapshot: KernelSnapshot;
  /** One for each pod. */
  readonly adds: readonly InvocationEvent[];
};

/** Makes pods with the plugin in a throw-away namespace and records its journal and the kernel. Throws where that fails. */
export function recordNode(podwire: string, pods: number): RecordedNode {
  const script = fileURLToPath(import.meta.resolve('./record-node-world.ts'));
  const world = spawnSync(
    'unshare',
    ['-Urnm', '--propagation', 'private', process.execPath, script, podwire, String(pods)],
    { encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'], maxBuffer: 2 ** 29 },
  );
  if (world.status !== 0) throw new Error(`the recording process ended with ${world.status ?? world.signal}`);
  return JSON.parse(world.stdout) as RecordedNode;
}
