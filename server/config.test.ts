import { expect, test } from 'vitest';
import { readConfig } from './config.ts';

const read = (environment: Record<string, string>) => readConfig(environment, '/srv/app');

test('without settings it listens on loopback, keeps data beside itself and starts the lab', () => {
  expect(read({})).toMatchObject({
    ok: true,
    value: { host: '127.0.0.1', port: 7639, dataFolder: '/srv/app/.podwire', cluster: 'lab', web: 'built' },
  });
});

test.each(['0.0.0.0:7639', '192.168.31.1:7639', '[::]:7639'])(
  '%s is refused without a cluster: nobody could log in, and it says what to do',
  (listen) => {
    const config = read({ PODWIRE_LISTEN: listen });
    expect(config.ok ? '' : config.error.problem).toMatch(/open the dashboard to the network/);
    expect(config.ok ? '' : config.error.remedy).toMatch(/KUBECONFIG.*127\.0\.0\.1/);
  },
);

test('a login is needed everywhere but on loopback outside of a pod', () => {
  const needsLogin = (environment: Record<string, string>) => {
    const config = read(environment);
    return config.ok ? config.value.access.needsLogin : config.error.problem;
  };
  expect(needsLogin({})).toBe(false);
  expect(needsLogin({ KUBECONFIG: '/k', PODWIRE_LISTEN: '[::1]:7639' })).toBe(false);
  expect(needsLogin({ KUBECONFIG: '/k', PODWIRE_LISTEN: '0.0.0.0:7639' })).toBe(true);
  expect(needsLogin({ KUBERNETES_SERVICE_HOST: '10.96.0.1' })).toBe(true);
  expect(needsLogin({ KUBERNETES_SERVICE_HOST: '10.96.0.1', KUBECONFIG: '/k' })).toBe(true);
});

test('names, proxies and the agents’ account are read as they are written, and what is none of them is named', () => {
  const account = 'system:serviceaccount:podwire:podwire-agent';
  const config = read({
    PODWIRE_HOSTS: 'Podwire.Example.org, podwire.podwire.svc',
    PODWIRE_TRUSTED_PROXIES: '10.0.0.5,fd00::/8',
    PODWIRE_AGENT_ACCOUNT: account,
  });
  if (!config.ok) throw new Error(config.error.problem);
  const { hosts, trustedProxies, agentAccount } = config.value.access;
  expect([hosts, agentAccount]).toEqual([['podwire.example.org', 'podwire.podwire.svc'], account]);
  expect(['10.0.0.5', '10.0.0.6'].map((address) => trustedProxies.check(address))).toEqual([true, false]);
  expect(trustedProxies.check('fd12::1', 'ipv6')).toBe(true);
  const problemOf = (environment: Record<string, string>) => {
    const odd = read(environment);
    return odd.ok ? '' : odd.error.problem;
  };
  expect(problemOf({ PODWIRE_HOSTS: 'https://podwire.example.org' })).toMatch(/https:.* is no host name/);
  expect(problemOf({ PODWIRE_TRUSTED_PROXIES: '10.0.0.0/40' })).toMatch(/10\.0\.0\.0\/40 is neither/);
  expect(problemOf({ PODWIRE_TRUSTED_PROXIES: 'proxy' })).toMatch(/proxy is neither/);
  expect(problemOf({ PODWIRE_AGENT_ACCOUNT: 'podwire-agent' })).toMatch(/is no ServiceAccount/);
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
