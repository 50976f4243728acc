import { expect, test } from 'vitest';
import { keepEndpointSlices } from './endpoint-slices.ts';
import type { PodObject, ServiceObject } from './kubernetes-objects.ts';
import { ObjectStore } from './object-store.ts';

const NOW = '2026-01-01T00:00:00Z';
const meta = (name: string, labels = {}) => ({
  name,
  namespace: 'default',
  uid: `uid-${name}`,
  resourceVersion: '0',
  creationTimestamp: NOW,
  labels,
});

const pod = (name: string, ip: string | undefined, isReady: boolean): PodObject => ({
  kind: 'Pod',
  apiVersion: 'v1',
  metadata: meta(name, { app: 'web' }),
  spec: { nodeName: 'n1', containers: [{ name: 'c', image: 'nginx' }], terminationGracePeriodSeconds: 1 },
  status: {
    phase: 'Running',
    conditions: [{ type: 'Ready', status: isReady ? 'True' : 'False', lastTransitionTime: NOW }],
    ...(ip !== undefined && { podIP: ip }),
  },
});

const web: ServiceObject = {
  kind: 'Service',
  apiVersion: 'v1',
  metadata: meta('web'),
  spec: {
    type: 'ClusterIP',
    clusterIP: '10.96.0.10',
    clusterIPs: ['10.96.0.10'],
    selector: { app: 'web' },
    ports: [{ protocol: 'TCP', port: 80, targetPort: 8080 }],
  },
};

test('a service has the addresses of the pods that its selector names, and loses its slice with itself', () => {
  const store = new ObjectStore();
  keepEndpointSlices(store, { now: () => NOW, createUuid: () => 'uid' });
  store.put(pod('waiting', undefined, false));
  const first = store.put(pod('first', '10.240.1.2', true));
  const service = store.put(web);
  store.put(pod('second', '10.240.1.3', false));
  store.put({ ...pod('other', '10.240.1.4', true), metadata: meta('other', { app: 'db' }) });
  const slice = () => store.getEndpointSlice('default', 'web-lab');
  expect(slice()).toMatchObject({
    metadata: { labels: { 'kubernetes.io/service-name': 'web' } },
    ports: [{ protocol: 'TCP', port: 8080 }],
    endpoints: [
      { addresses: ['10.240.1.2'], conditions: { ready: true }, targetRef: { name: 'first' } },
      { addresses: ['10.240.1.3'], conditions: { ready: false }, targetRef: { name: 'second' } },
    ],
  });
  store.remove(first);
  expect(slice()?.endpoints).toHaveLength(1);
  store.remove(service);
  expect(slice()).toBeUndefined();
});

test('a pod that changes nothing of its address makes no new slice', () => {
  const store = new ObjectStore();
  keepEndpointSlices(store, { now: () => NOW, createUuid: () => 'uid' });
  store.put(web);
  store.put(pod('first', '10.240.1.2', true));
  const before = store.getEndpointSlice('default', 'web-lab')?.metadata.resourceVersion;
  store.put({
    ...pod('first', '10.240.1.2', true),
    status: { ...pod('first', '10.240.1.2', true).status, hostIP: '1' },
  });
  expect(store.getEndpointSlice('default', 'web-lab')?.metadata.resourceVersion).toBe(before);
});
