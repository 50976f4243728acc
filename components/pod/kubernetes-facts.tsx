import type { TopologyPod } from '#model/topology/topology.ts';
import { formatMoment } from '../timeline/format-moment.ts';
import { FactList } from './fact-list.tsx';

type KubernetesFactsProps = {
  readonly pod: TopologyPod | undefined;
  /** Addresses of the pod's interfaces as the kernel has them; absent where they were not read. */
  readonly kernelIps: readonly string[] | undefined;
};

/** What Kubernetes says of the pod, in its own words. */
export function KubernetesFacts({ pod, kernelIps }: KubernetesFactsProps) {
  if (pod === undefined) {
    return <p className="text-text-3">Kubernetes has no pod of this name.</p>;
  }
  const strays = kernelIps === undefined ? [] : pod.podIps.filter((ip) => !kernelIps.includes(ip));
  return (
    <>
      <FactList
        facts={[
          { label: 'status', value: pod.status === pod.phase ? pod.status : `${pod.status} (phase ${pod.phase})` },
          ...describeColumns(pod),
          { label: 'pod IPs', value: pod.podIps.join(' ') || 'none yet', isMono: pod.podIps.length > 0 },
          { label: 'node', value: pod.nodeName ?? 'not scheduled' },
          { label: 'images', value: pod.images.join(' ') },
          { label: 'created', value: formatMoment(pod.createdAt, new Date()), isMono: true },
          { label: 'uid', value: pod.uid, isMono: true },
        ]}
      />
      {strays.length > 0 && (
        <p role="status" className="mt-2 font-semibold text-bad">
          The kernel has no interface of this pod with {strays.join(' ')}
        </p>
      )}
      {pod.message !== undefined && (
        <p className="mt-2 rounded-md border border-warning/50 px-3 py-2 text-text-2 wrap-anywhere">{pod.message}</p>
      )}
    </>
  );
}

/** What `kubectl get pods -o wide` says besides; the two that nearly no pod has are left out where it hasn't. */
function describeColumns({ containers, nominatedNodeName, readinessGates }: TopologyPod) {
  const counts = containers && `${containers.ready} of ${containers.total} ready, ${containers.restarts} restarts`;
  return [
    ...(counts === undefined ? [] : [{ label: 'containers', value: counts }]),
    ...(nominatedNodeName === undefined ? [] : [{ label: 'nominated node', value: nominatedNodeName }]),
    ...(readinessGates === undefined
      ? []
      : [{ label: 'readiness gates', value: `${readinessGates.met} of ${readinessGates.total} met` }]),
  ];
}
