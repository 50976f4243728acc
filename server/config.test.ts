import { expect, test } from 'vitest';
import { readConfig } from './config.ts';

const read = (environment: Record<string, string>) => readConfig(environment, '/srv/app');

test('without settings it listens on loopback, keeps data beside itself and starts the lab', () => {
  expect(read({})).toMatchObject({
    ok: true,
    value: { host: '127.0.0.1', port: 7639, dataFolder: '/srv/app/.podwire', cluster: 'lab', web: 'built' },
  });
});

test.each(['0.0.0.0:7639', '192.168.31.1:7639', '[::]:7639'])('%s is refused, for there is no login yet', (listen) => {
  const config = read({ PODWIRE_LISTEN: listen });
  expect(config.ok ? '' : config.error.problem).toMatch(/no login yet/);
});

test.each(['7639', '127.0.0.1', '127.0.0.1:70000', 'example.org:7639'])('%s is no place to listen', (listen) => {
  const config = read({ PODWIRE_LISTEN: listen });
  expect(config.ok ? '' : config.error.problem).toMatch(/is not host:port/);
});

test('a KUBECONFIG or a service account turns the lab off', () => {
  expect(read({ KUBECONFIG: '/k' })).toMatchObject({ value: { cluster: 'kubernetes' } });
  expect(read({ KUBERNETES_SERVICE_HOST: '10.0.0.1' })).toMatchObject({ value: { cluster: 'kubernetes' } });
  expect(read({ PODWIRE_LAB: 'off' })).toMatchObject({ value: { cluster: 'none' } });
});

test('a data folder too deep for a unix socket is refused with a shorter one as remedy', () => {
  const config = read({ PODWIRE_DATA: `/srv/${'deep/'.repeat(30)}` });
  expect(config.ok ? '' : config.error.remedy).toMatch(/shorter/);
});

test('the log is kept for 7 days and up to 2 GiB, or as long and as big as the settings say', () => {
  expect(read({})).toMatchObject({ value: { retention: { ageMs: 604_800_000, sizeBytes: 2 ** 31 } } });
  const settings = { PODWIRE_RETENTION_AGE: '90m', PODWIRE_RETENTION_SIZE: 'off' };
  expect(read(settings)).toMatchObject({ value: { retention: { ageMs: 5_400_000, sizeBytes: undefined } } });
});

test.each([
  { PODWIRE_RETENTION_AGE: '7' },
  { PODWIRE_RETENTION_AGE: '7 days' },
  { PODWIRE_RETENTION_AGE: '1s' },
  { PODWIRE_RETENTION_AGE: '-1d' },
  { PODWIRE_RETENTION_SIZE: '2GB' },
  { PODWIRE_RETENTION_SIZE: '1MiB' },
  { PODWIRE_RETENTION_SIZE: '' },
])(
  '$PODWIRE_RETENTION_AGE$PODWIRE_RETENTION_SIZE is no limit of the log, and the line says how to write one',
  (settings) => {
    const config = read(settings);
    expect(config.ok ? '' : config.error.problem).toMatch(/is no limit of the event log/);
    expect(config.ok ? '' : config.error.remedy).toMatch(/Write it as/);
  },
);

test('spans are sent where a receiver is named, and nowhere else', () => {
  const endpoint = { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:4318' };
  expect(read({})).toMatchObject({ value: { sendsSpans: false } });
  expect(read(endpoint)).toMatchObject({ value: { sendsSpans: true } });
  expect(read({ OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: 'http://127.0.0.1:4318/v1/traces' })).toMatchObject({
    value: { sendsSpans: true },
  });
  expect(read({ ...endpoint, OTEL_SDK_DISABLED: 'true' })).toMatchObject({ value: { sendsSpans: false } });
  expect(read({ ...endpoint, OTEL_TRACES_EXPORTER: 'none' })).toMatchObject({ value: { sendsSpans: false } });
});
