import { rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { NODE_PLANS, PODWIRE_ROUTE_PROTOCOL, renderNetworkConfiguration } from '../lab-plan.ts';
import { CONFIGURATION_DIRECTORY, EXECUTABLE_PATH, type Machine, PLUGIN_DIRECTORY } from './boot-machine.ts';
import { runScript } from './build-lan.ts';

const CONFIGURATION_FILE = '10-podwire.conflist';

/**
 * Puts the executable and the configuration in place, and the routes to the other nodes' pods.
 * The file is renamed inside its directory: containerd never notices one that is renamed in from outside.
 */
export async function installNetworkPlugin(machine: Machine): Promise<void> {
  const target = `${PLUGIN_DIRECTORY}/podwire`;
  await runScript(
    [
      `if [ ! -e ${target} ]; then : > ${target}; mount --bind ${EXECUTABLE_PATH} ${target}; fi`,
      ...NODE_PLANS.filter((other) => other.name !== machine.plan.name).map(
        (other) => `ip route replace ${other.podCidr} via ${other.address} dev eth0 proto ${PODWIRE_ROUTE_PROTOCOL}`,
      ),
    ],
    machine.holder,
  );
  const directory = join(machine.holder.root, CONFIGURATION_DIRECTORY);
  const temporary = join(directory, `.${CONFIGURATION_FILE}.tmp`);
  await writeFile(temporary, renderNetworkConfiguration(machine.plan));
  await rename(temporary, join(directory, CONFIGURATION_FILE));
}

/** Takes the configuration away. Pods that run keep their network, as on a real node. */
export async function removeNetworkPlugin(machine: Machine): Promise<void> {
  await rm(join(machine.holder.root, CONFIGURATION_DIRECTORY, CONFIGURATION_FILE), { force: true });
}
