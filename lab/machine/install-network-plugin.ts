import { rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { runOrThrow } from '../run-command.ts';
import {
  CONFIGURATION_DIRECTORY,
  EXECUTABLE_PATH,
  MANAGEMENT_SWITCH,
  type Machine,
  PLUGIN_DIRECTORY,
} from './boot-machine.ts';
import { runScript } from './build-lan.ts';

const CONFIGURATION_FILE = '10-podwire.conflist';
/** An agent that was killed again and again is started after half a minute at the latest. */
const AGENT_DEADLINE_MS = 45_000;
const POLL_MS = 20;

/**
 * Puts the executable in place and lets the node's agent do the rest: rules, forwarding, the routes to the other nodes' pods, and the
 * configuration, which it writes last.
 * @throws where the agent does not
 */
export async function installNetworkPlugin(machine: Machine): Promise<void> {
  const target = `${PLUGIN_DIRECTORY}/podwire`;
  await runScript(
    [`if [ ! -e ${target} ]; then : > ${target}; mount --bind ${EXECUTABLE_PATH} ${target}; fi`],
    machine.holder,
  );
  await rm(join(machine.holder.root, MANAGEMENT_SWITCH), { force: true });
  const deadlineMs = performance.now() + AGENT_DEADLINE_MS;
  while (!(await hasConfiguration(machine))) {
    if (performance.now() > deadlineMs) {
      throw new Error(
        `the agent of ${machine.plan.name} writes no ${CONFIGURATION_FILE}; see ${machine.directory}/agent.log`,
      );
    }
    await wait(POLL_MS);
  }
}

/** `podwire uninstall`: the configuration goes and the agent leaves the node alone. Pods that run keep their network. */
export async function removeNetworkPlugin(machine: Machine): Promise<void> {
  await runOrThrow([...machine.holder.enter, EXECUTABLE_PATH, 'uninstall']);
}

function hasConfiguration({ holder }: Machine): Promise<boolean> {
  return stat(join(holder.root, CONFIGURATION_DIRECTORY, CONFIGURATION_FILE)).then(
    () => true,
    () => false,
  );
}
