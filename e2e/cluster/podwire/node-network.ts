import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { CLUSTER_CIDR } from '#lab/lab-plan.ts';
import { runOrThrow } from '#lab/run-command.ts';
import { NODE_PATHS } from '../node/boot-node.ts';
import type { Cluster, ClusterNode } from '../start-cluster.ts';
import { runScript } from '../world/build-lan.ts';
import { Daemon } from '../world/daemon.ts';

export const CONFIGURATION_DIRECTORY = '/etc/cni/net.d';

/** Range of the pods of each node, as the controller manager has given it. */
export async function readPodCidrs({ api }: Cluster): Promise<ReadonlyMap<string, string>> {
  return new Map((await api.listNodes()).map(({ metadata, spec }) => [metadata.name, spec.podCIDR ?? '']));
}

/** Routes from each node to the others' pods, and forwarding, where no agent is to see to it. */
export async function routePods(cluster: Cluster): Promise<void> {
  const podCidrs = await readPodCidrs(cluster);
  for (const node of cluster.nodes) {
    const routes = cluster.nodes
      .filter((other) => other !== node)
      .map((other) => `ip route replace ${podCidrs.get(other.name)} via ${other.plan.address} dev eth0`);
    await runScript(node.enter, ['echo 1 > /proc/sys/net/ipv4/ip_forward', ...routes]);
  }
}

/** Runs `podwire install` in bridge mode on every node, with the routes to the others' pods. */
export async function installBridge(cluster: Cluster): Promise<void> {
  const podCidrs = await readPodCidrs(cluster);
  await routePods(cluster);
  for (const node of cluster.nodes) {
    const range = podCidrs.get(node.name) ?? '';
    await runPodwire(node, 'install', '--pod-cidr', range, '--cluster-cidr', CLUSTER_CIDR);
  }
}

/** Runs the executable on a node, as a person or an init container does. @returns what it printed */
export function runPodwire(node: ClusterNode, ...words: readonly string[]): Promise<string> {
  return runOrThrow([...node.enter, NODE_PATHS.podwire, ...words]);
}

/** Puts a configuration of a network in place, as an installer does: by a rename inside its folder. */
export async function configureNetwork(node: ClusterNode, name: string, configuration: object): Promise<void> {
  const draft = join(CONFIGURATION_DIRECTORY, '.draft');
  await writeFile(join(node.root, draft), `${JSON.stringify(configuration, undefined, 2)}\n`);
  await runOrThrow([...node.enter, 'mv', draft, join(CONFIGURATION_DIRECTORY, name)]);
}

export async function removeNetwork(node: ClusterNode, name: string): Promise<void> {
  await rm(join(node.root, CONFIGURATION_DIRECTORY, name), { force: true });
}

/** Starts the agent of a node. */
export function startAgent(node: ClusterNode, logs: string): Daemon {
  return new Daemon({
    name: `agent of ${node.name}`,
    command: [NODE_PATHS.podwire, 'agent'],
    enter: node.enter,
    env: { PODWIRE_NODE: node.name, PODWIRE_COLLECTOR: `unix:${NODE_PATHS.collector}/collector.sock` },
    logPath: join(logs, `agent-${node.name}.log`),
  }).start();
}
