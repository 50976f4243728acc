const TIME = '2026-01-01T00:00:00Z';
const times = <T>(count: number, make: (index: number) => T): readonly T[] =>
  Array.from({ length: count }, (_, index) => make(index));

/** A pod as large clusters have them, about 12 kB of JSON: most of it managed fields, annotations, environment and volumes. */
export function buildFatPod(index: number): object {
  const fields = Object.fromEntries(times(25, (field) => [`f:field-${field}`, { '.': {}, 'f:value': {} }]));
  return {
    metadata: {
      name: `pod-${String(index).padStart(6, '0')}-abcde`,
      namespace: `team-${index % 40}`,
      uid: `00000000-0000-4000-8000-${String(index).padStart(12, '0')}`,
      resourceVersion: String(index),
      creationTimestamp: TIME,
      labels: { app: `app-${index % 300}`, 'pod-template-hash': 'abcdef1234' },
      annotations: { 'kubectl.kubernetes.io/last-applied-configuration': 'x'.repeat(3_000) },
      managedFields: times(4, (manager) => ({
        manager: `manager-${manager}`,
        operation: 'Update',
        apiVersion: 'v1',
        time: TIME,
        fieldsType: 'FieldsV1',
        fieldsV1: fields,
      })),
    },
    spec: {
      nodeName: `node-${index % 700}`,
      containers: times(2, (container) => ({
        name: `c${container}`,
        image: `registry.example.org/team/app-${index % 300}:v1.2.${container}`,
        env: times(20, (variable) => ({ name: `VARIABLE_${variable}`, value: 'v'.repeat(40) })),
        volumeMounts: times(6, (volume) => ({ name: `volume-${volume}`, mountPath: `/mnt/${volume}` })),
      })),
      volumes: times(8, (volume) => ({ name: `volume-${volume}`, configMap: { name: `map-${volume}` } })),
    },
    status: {
      phase: 'Running',
      podIPs: [{ ip: `10.${index >> 16}.${(index >> 8) & 255}.${index & 255}` }],
      conditions: times(5, (type) => ({ type: `Type${type}`, status: 'True', lastTransitionTime: TIME })),
      containerStatuses: times(2, (container) => ({
        name: `c${container}`,
        image: 'x',
        imageID: `sha256:${'a'.repeat(64)}`,
        ready: true,
        restartCount: 0,
        state: { running: { startedAt: TIME } },
      })),
    },
  };
}
