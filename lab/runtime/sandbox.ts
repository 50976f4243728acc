import type { JsonObject } from '#model/json.ts';
import { fail, type Result, succeed } from '#model/result.ts';
import type { PodObject } from '../api/kubernetes-objects.ts';
import type { Machine } from '../machine/boot-machine.ts';
import { runCommand } from '../run-command.ts';
import type { NetworkConfiguration } from './network-configuration.ts';
import { type Attachment, addAttachment, deleteAttachment } from './plugin-chain.ts';

/** A pod's network namespace with its attachment; a hostNetwork pod has neither. */
export type Sandbox = {
  readonly podIp: string;
  readonly netnsPath: string | undefined;
  readonly netnsName: string | undefined;
  readonly attachment: Attachment | undefined;
};

type SandboxParts = { readonly machine: Machine; readonly createUuid: () => string };

/**
 * Creates a namespace and runs ADD in it. On failure DEL follows at once on the same sandbox and the namespace goes,
 * as containerd does; the error is its sentence.
 */
export async function createSandbox(
  { machine, createUuid }: SandboxParts,
  { pod, network }: { readonly pod: PodObject; readonly network: NetworkConfiguration },
): Promise<Result<Sandbox, string>> {
  if (pod.spec.hostNetwork === true) {
    return succeed({ podIp: machine.plan.address, netnsPath: undefined, netnsName: undefined, attachment: undefined });
  }
  const containerId = `${createUuid()}${createUuid()}`.replaceAll('-', '');
  const netnsName = `cni-${createUuid()}`;
  const netnsPath = `/var/run/netns/${netnsName}`;
  const enter = machine.holder.enter;
  const prepare = `ip netns add ${netnsName} && nsenter --net=${netnsPath} ip link set lo up`;
  const prepared = await runCommand([...enter, 'sh', '-c', prepare]);
  if (prepared.exitCode !== 0) return fail(`${describeSandboxError(containerId)}${prepared.stderr.trim()}`);
  const attachment = describeAttachment(pod, { containerId, netnsPath });
  const added = await addAttachment(machine, network, attachment);
  if (!added.ok) {
    await deleteAttachment(machine, network, attachment);
    await removeNetns(machine, netnsName);
    return fail(`${describeSandboxError(containerId)}${added.error}`);
  }
  return succeed({ podIp: readPodIp(added.value), netnsPath, netnsName, attachment });
}

/**
 * containerd's two DELs: one while the namespace is there, with prevResult; one when the sandbox is removed, with an
 * empty CNI_NETNS and without prevResult.
 */
export async function removeSandbox(
  machine: Machine,
  network: NetworkConfiguration,
  sandbox: Sandbox,
): Promise<Result<undefined, string>> {
  const { attachment, netnsName } = sandbox;
  if (attachment === undefined || netnsName === undefined) return succeed(undefined);
  const first = await deleteAttachment(machine, network, attachment);
  if (!first.ok) return first;
  await removeNetns(machine, netnsName);
  return await deleteAttachment(machine, network, { ...attachment, netns: '' });
}

function describeAttachment(
  pod: PodObject,
  sandbox: { readonly containerId: string; readonly netnsPath: string },
): Attachment {
  const ports = pod.spec.containers
    .flatMap((container) => container.ports ?? [])
    .filter((port) => port.hostPort !== undefined)
    .map((port) => ({
      HostPort: port.hostPort ?? 0,
      ContainerPort: port.containerPort,
      Protocol: (port.protocol ?? 'TCP').toLowerCase(),
      HostIP: '',
    }));
  const annotations = pod.metadata.annotations;
  const capabilities: JsonObject = {
    ...(ports.length === 0 ? {} : { portMappings: ports }),
    ...(annotations === undefined ? {} : { 'io.kubernetes.cri.pod-annotations': annotations }),
    dns: { Servers: ['8.8.8.8'] },
  };
  return {
    containerId: sandbox.containerId,
    netns: sandbox.netnsPath,
    ifName: 'eth0',
    args: [
      ['IgnoreUnknown', '1'],
      ['K8S_POD_NAMESPACE', pod.metadata.namespace],
      ['K8S_POD_NAME', pod.metadata.name],
      ['K8S_POD_INFRA_CONTAINER_ID', sandbox.containerId],
      ['K8S_POD_UID', pod.metadata.uid],
    ],
    capabilities,
  };
}

/** Kubelet and containerd around the plugin's own words (pod_sandbox `failed to setup network for sandbox`). */
function describeSandboxError(containerId: string): string {
  return `Failed to create pod sandbox: rpc error: code = Unknown desc = failed to setup network for sandbox "${containerId}": `;
}

function readPodIp(result: JsonObject): string {
  const ips = result.ips as readonly { readonly address?: string }[] | undefined;
  return ips?.[0]?.address?.split('/')[0] ?? '';
}

/** Removes a pod's network namespace; one that is gone already is what was wanted. */
async function removeNetns(machine: Machine, name: string): Promise<void> {
  await runCommand([...machine.holder.enter, 'ip', 'netns', 'delete', name]);
}
