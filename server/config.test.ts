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
