import { readFileSync } from 'node:fs';
import { arch, release } from 'node:os';
import type { Condition, NodeObject } from '../api/kubernetes-objects.ts';
import type { Machine } from '../machine/boot-machine.ts';

const NOT_READY_PREFIX =
  'container runtime network not ready: NetworkReady=false reason:NetworkPluginNotReady message:Network plugin returns error: ';

/** The condition Ready in the kubelet's words; the error is the runtime's, undefined when its network is ready. */
export function describeReadiness(networkError: string | undefined, now: string): Condition {
  const times = { lastHeartbeatTime: now, lastTransitionTime: now };
  return networkError === undefined
    ? { type: 'Ready', status: 'True', reason: 'KubeletReady', message: 'kubelet is posting ready status', ...times }
    : {
        type: 'Ready',
        status: 'False',
        reason: 'KubeletNotReady',
        message: `${NOT_READY_PREFIX}${networkError}`,
        ...times,
      };
}

/** A node as its kubelet registers it. */
export function describeNode(machine: Machine, context: { readonly uid: string; readonly now: string }): NodeObject {
  const { plan } = machine;
  const role: Readonly<Record<string, string>> = plan.isControlPlane
    ? { 'node-role.kubernetes.io/control-plane': '' }
    : {};
  return {
    kind: 'Node',
    apiVersion: 'v1',
    metadata: {
      name: plan.name,
      uid: context.uid,
      resourceVersion: '0',
      creationTimestamp: context.now,
      labels: { 'kubernetes.io/hostname': plan.name, 'kubernetes.io/os': 'linux', ...role },
    },
    spec: {
      podCIDR: plan.podCidr,
      podCIDRs: [plan.podCidr],
      ...(plan.isControlPlane
        ? { taints: [{ key: 'node-role.kubernetes.io/control-plane', effect: 'NoSchedule' }] }
        : {}),
    },
    status: {
      conditions: [],
      addresses: [
        { type: 'InternalIP', address: plan.address },
        { type: 'Hostname', address: plan.name },
      ],
      nodeInfo: {
        machineID: machine.bootId.replaceAll('-', ''),
        systemUUID: machine.bootId,
        bootID: machine.bootId,
        kernelVersion: release(),
        osImage: readOsImage(),
        operatingSystem: 'linux',
        architecture: arch() === 'x64' ? 'amd64' : arch(),
        containerRuntimeVersion: 'podwire-lab://0.1.0',
        kubeletVersion: 'v1.36.2-podwire-lab',
        kubeProxyVersion: '',
      },
    },
  };
}

function readOsImage(): string {
  const text = readFileSync('/etc/os-release', 'utf8');
  return /^PRETTY_NAME="?([^"\n]*)"?$/m.exec(text)?.[1] ?? 'Linux';
}
