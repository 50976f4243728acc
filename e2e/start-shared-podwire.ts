import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { readCluster } from './call-api.ts';
import { listLeftoverProcesses } from './list-leftovers.ts';
import { type RunningPodwire, startPodwire } from './start-podwire.ts';

const podsDeadlineMs = 60_000;

/** Playwright's global set-up: one server for all journeys, ready when the tutorial's three pods run. Returns the tear-down. */
// biome-ignore lint/style/noDefaultExport: Playwright calls the default export.
export default async function startSharedPodwire(): Promise<() => Promise<void>> {
  const podwire = await startPodwire({ hasWeb: true });
  try {
    await waitForPods(podwire, 3);
  } catch (cause) {
    await podwire.stop();
    throw new Error(`the lab's pods did not start:\n${podwire.readOutput()}`, { cause });
  }
  // The workers are started with this environment.
  process.env.PODWIRE_E2E_URL = podwire.url;
  process.env.PODWIRE_E2E_SOCKET = join(podwire.dataDirectory, 'run', 'collector.sock');
  return async () => {
    await podwire.stop();
    const left = listLeftoverProcesses(podwire.dataDirectory, new Set());
    if (left.length > 0) throw new Error(`the server left processes behind:\n${left.join('\n')}`);
  };
}

async function waitForPods({ url }: RunningPodwire, count: number): Promise<void> {
  const deadline = Date.now() + podsDeadlineMs;
  while (Date.now() < deadline) {
    const tiles = Object.values((await readCluster(url)).nodes);
    if (tiles.reduce((sum, { pods }) => sum + Math.min(pods.running, pods.wired), 0) >= count) return;
    await sleep(250);
  }
  const tiles = Object.values((await readCluster(url)).nodes).map(({ name, ready, agent, pods }) => ({
    name,
    ready,
    agent,
    pods,
  }));
  throw new Error(`fewer than ${count} pods running and wired after ${podsDeadlineMs} ms: ${JSON.stringify(tiles)}`);
}
