import { randomUUIDv7 } from 'node:crypto';
import type { ClusterPod } from '#model/cluster/cluster-facts.ts';
import type { InvocationEvent } from '#model/cni/invocation-event.ts';
import type { KernelSnapshot } from '#model/kernel/kernel-snapshot.ts';
import type { RecordedNode } from './record-node.ts';

/** One more node like the recorded one: other names, addresses and inodes, the same shape. */
export type VariedNode = {
  readonly name: string;
  readonly podCidr: string;
  readonly snapshot: KernelSnapshot;
  readonly adds: readonly InvocationEvent[];
};

const hex = (byte: number): string => byte.toString(16).padStart(2, '0');

/** `place` from 0 to 65,535. */
export function varyNode(recorded: RecordedNode, place: number): VariedNode {
  const [high, low] = [place >> 8, place & 255];
  const name = `node${place}`;
  const vary = (text: string): string =>
    text
      .replaceAll('10.240.2.', `10.${high + 1}.${low}.`)
      .replaceAll('0a:58:0a:f0:02', `0a:58:0a:${hex(high + 1)}:${hex(low)}`)
      .replaceAll('-recorded', `-${name}`)
      .replaceAll('"40265', `"4${String(place).padStart(5, '0')}65`);
  const snapshot = JSON.parse(vary(JSON.stringify(recorded.snapshot))) as KernelSnapshot;
  const adds = JSON.parse(vary(JSON.stringify(recorded.adds))) as InvocationEvent[];
  return {
    name,
    podCidr: `10.${high + 1}.${low}.0/24`,
    snapshot: { ...snapshot, node: name, bootId: `boot-${name}` },
    adds,
  };
}

/** The same invocation once more: another id, another time. Ids rise with time, as those of the plugin do. */
export function repeatInvocation(event: InvocationEvent, at: Date): InvocationEvent {
  const data = { ...event.data, startedAt: at.toISOString() };
  return { ...event, id: randomUUIDv7(), time: at.toISOString(), data };
}

/** The DEL that takes an ADD back. */
export function reverseInvocation(add: InvocationEvent, at: Date): InvocationEvent {
  const { data, ...envelope } = repeatInvocation(add, at);
  const { result: _result, ...rest } = data;
  return { ...envelope, data: { ...rest, verb: 'DEL' } };
}

/** What Kubernetes would say of the pod behind an ADD. */
export function describePod(add: InvocationEvent, nodeName: string): ClusterPod {
  const { ips } = add.data.result as unknown as { readonly ips: readonly { readonly address: string }[] };
  return {
    namespace: add.data.pod?.namespace ?? 'default',
    name: add.data.pod?.name ?? '',
    uid: add.data.pod?.uid ?? '',
    nodeName,
    phase: 'Running',
    status: 'Running',
    podIps: ips.map((ip) => ip.address.split('/')[0] ?? ''),
    hostNetwork: false,
    images: ['docker.io/library/nginx:1.29'],
    createdAt: '2026-11-01T00:00:00.000Z',
  };
}
