import { spawn } from 'node:child_process';
import { createWriteStream } from 'node:fs';
import { basename, join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { CLUSTER_CIDR } from '../lab-plan.ts';
import {
  API_DIRECTORY,
  API_SOCKET_NAME,
  API_TOKEN_NAME,
  COLLECTOR_DIRECTORY,
  EXECUTABLE_PATH,
  type Machine,
} from '../machine/boot-machine.ts';

const MIN_RESTART_DELAY_MS = 500;
const MAX_RESTART_DELAY_MS = 30_000;
/** An agent that lived this long was well; its next start comes soon again. */
const HEALTHY_LIFE_MS = 60_000;

/**
 * Runs `podwire agent` inside a node for as long as the lab lives, and starts it again when it ends. It keeps the node's pod network
 * also where nobody collects what it reports: then its batches go nowhere, as with a collector that is down.
 */
export async function runAgent(machine: Machine, collectorSocket = 'collector.sock'): Promise<never> {
  const log = createWriteStream(join(machine.directory, 'agent.log'));
  const env = {
    PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
    HOME: '/root',
    PODWIRE_NODE: machine.plan.name,
    PODWIRE_COLLECTOR: `unix:${COLLECTOR_DIRECTORY}/${basename(collectorSocket)}`,
    PODWIRE_API_SERVER: `unix:${API_DIRECTORY}/${API_SOCKET_NAME}`,
    PODWIRE_API_TOKEN_FILE: `${API_DIRECTORY}/${API_TOKEN_NAME}`,
    PODWIRE_CLUSTER_CIDR: CLUSTER_CIDR,
  };
  let delayMs = MIN_RESTART_DELAY_MS;
  for (;;) {
    const startedMs = performance.now();
    const command = [...machine.holder.enter, EXECUTABLE_PATH, 'agent'];
    const child = spawn(command[0] ?? '', command.slice(1), {
      stdio: ['ignore', 'pipe', 'pipe'],
      detached: true,
      env: env as unknown as NodeJS.ProcessEnv,
    });
    child.stdout.pipe(log, { end: false });
    child.stderr.pipe(log, { end: false });
    const code = await new Promise((resolve) => child.on('close', resolve).on('error', resolve));
    if (performance.now() - startedMs > HEALTHY_LIFE_MS) delayMs = MIN_RESTART_DELAY_MS;
    log.write(`podwire-lab: the agent ended with ${String(code)}, next start in ${delayMs} ms\n`);
    await wait(delayMs);
    delayMs = Math.min(delayMs * 2, MAX_RESTART_DELAY_MS);
  }
}
