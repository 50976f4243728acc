import type { V1Service, V1ServicePort } from '@kubernetes/client-node';
import type { ClusterService } from '#model/cluster/cluster-facts.ts';

/** The few fields of a Service that steer packets; `undefined` where the object has no name. */
export function reduceService(service: V1Service): ClusterService | undefined {
  const { name, namespace, uid } = service.metadata ?? {};
  if (name === undefined || namespace === undefined) return undefined;
  const spec = service.spec ?? {};
  const selector = Object.entries(spec.selector ?? {});
  return {
    namespace,
    name,
    uid: uid ?? '',
    type: spec.type ?? 'ClusterIP',
    clusterIps: listClusterIps(spec),
    ports: (spec.ports ?? []).map(reducePort),
    ...(selector.length > 0 && { selector: Object.fromEntries(selector) }),
  };
}

/** A headless service says `None` where its address would stand. */
function listClusterIps(spec: NonNullable<V1Service['spec']>): string[] {
  const ips = spec.clusterIPs ?? (spec.clusterIP ? [spec.clusterIP] : []);
  return ips.filter((ip) => ip !== 'None' && ip !== '');
}

function reducePort(port: V1ServicePort): ClusterService['ports'][number] {
  return {
    ...(port.name && { name: port.name }),
    protocol: port.protocol ?? 'TCP',
    port: port.port,
    ...(port.targetPort !== undefined && port.targetPort !== '' && { targetPort: String(port.targetPort) }),
    ...(port.nodePort && { nodePort: port.nodePort }),
  };
}
