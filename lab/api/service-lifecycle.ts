import { DnsLabel } from '#model/cluster/pod-manifest.ts';
import { ServiceManifest } from '#model/cluster/service-manifest.ts';
import type { ApiParts } from './api-request.ts';
import { HttpFailure } from './http-answers.ts';
import type { ServiceObject } from './kubernetes-objects.ts';

/** 10.96.0.0/16, kubeadm's default; .0 is the network's and .1 the API server's own. */
const FIRST_SERVICE = 10;
const LAST_SERVICE = 65_534;

/** Checks a posted service, gives it an address and stores it. Nothing in the lab steers packets to it yet. */
export function createService(parts: ApiParts, namespace: string, body: unknown): ServiceObject {
  const parsed = ServiceManifest.safeParse(body);
  if (!parsed.success) {
    const issue = parsed.error.issues[0];
    throw new HttpFailure(422, 'Invalid', `Service is invalid: ${issue?.path.join('.')}: ${issue?.message}`);
  }
  const { metadata, spec } = parsed.data;
  if (!DnsLabel.safeParse(namespace).success) {
    throw new HttpFailure(422, 'Invalid', `the namespace "${namespace}" is no lower-case DNS label`);
  }
  if (metadata.namespace !== undefined && metadata.namespace !== namespace) {
    throw new HttpFailure(
      400,
      'BadRequest',
      `the service's namespace is ${metadata.namespace}, the path's ${namespace}`,
    );
  }
  if (parts.store.getService(namespace, metadata.name) !== undefined) {
    throw new HttpFailure(409, 'AlreadyExists', `services "${metadata.name}" already exists`);
  }
  const clusterIP = spec.clusterIP ?? chooseAddress(parts);
  return parts.store.put<ServiceObject>({
    kind: 'Service',
    apiVersion: 'v1',
    metadata: {
      ...metadata,
      namespace,
      uid: parts.createUuid(),
      resourceVersion: '0',
      creationTimestamp: parts.now(),
    },
    spec: {
      type: spec.type ?? 'ClusterIP',
      clusterIP,
      clusterIPs: [clusterIP],
      ...(spec.selector !== undefined && { selector: spec.selector }),
      ports: spec.ports.map((port) => ({
        ...port,
        protocol: port.protocol ?? 'TCP',
        targetPort: port.targetPort ?? port.port,
      })),
    },
  });
}

function chooseAddress(parts: ApiParts): string {
  const taken = new Set(parts.store.list('Service').map((service) => service.spec.clusterIP));
  for (let host = FIRST_SERVICE; host <= LAST_SERVICE; host += 1) {
    const address = `10.96.${host >> 8}.${host & 255}`;
    if (!taken.has(address)) return address;
  }
  throw new HttpFailure(409, 'Conflict', 'no service address is left in 10.96.0.0/16');
}
