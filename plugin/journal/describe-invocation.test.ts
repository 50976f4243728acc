import { describe, expect, it } from 'vitest';
import { InvocationEvent } from '#model/cni/invocation-event.ts';
import { describeInvocation, formatTimestamp } from './describe-invocation.ts';
import { maskSecrets } from './mask-secrets.ts';
import { formatUuidV7 } from './uuid-v7.ts';

describe('the event id', () => {
  it('is a version 7 UUID whose order is the order of time', () => {
    const random = Uint8Array.from({ length: 10 }, () => 0xff);
    const early = formatUuidV7(1_700_000_000_000, random);
    const late = formatUuidV7(1_700_000_000_001, new Uint8Array(10));
    expect(early).toBe('018bcfe5-6800-7fff-bfff-ffffffffffff');
    expect(early < late).toBe(true);
  });
});

describe('secrets', () => {
  it('are masked at any depth, whatever they hold, and nothing else is', () => {
    const masked = maskSecrets({
      token: 'x',
      list: [{ apiKey: { a: 1 }, DB_PASSWORD: 'x', author: 'kept' }],
      kubeconfig: { 'client-key-data': 'x', preSharedKey: 'x', 'ipsec-psk': 'x', 'client-certificate-data': 'kept' },
      clientSecret: 7,
      etcd: { 'private-key': 'x' },
    });
    expect(masked).toEqual({
      token: '***',
      list: [{ apiKey: '***', DB_PASSWORD: '***', author: 'kept' }],
      kubeconfig: {
        'client-key-data': '***',
        preSharedKey: '***',
        'ipsec-psk': '***',
        'client-certificate-data': 'kept',
      },
      clientSecret: '***',
      etcd: { 'private-key': '***' },
    });
  });
});

describe('secrets in what is no configuration', () => {
  const finished = {
    verb: 'ADD',
    mode: 'bridge',
    variables: {},
    output: '',
    exitCode: 1,
    error: undefined,
    netnsId: undefined,
    steps: [],
    config: undefined,
    startedAtMs: 0,
    durationUs: 1,
  } as const;
  const origin = { node: 'n', pluginVersion: '0', random: new Uint8Array(10) };
  const write = (input: string, args: Readonly<Record<string, string>> = {}): string =>
    JSON.stringify(describeInvocation({ ...finished, input, args }, origin));

  it('are left out, where the text was cut, is no JSON, or too long to be kept', () => {
    const network = '{"name": "podnet", "type": "podwire", "etcd_password": "hunter2", "x": ';
    for (const input of [
      network,
      network.slice(0, -8),
      `${network}"${'x'.repeat(2 ** 20)}"}`,
      'authorization: hunter2',
    ]) {
      expect(write(input)).not.toContain('hunter2');
    }
    expect(write(network)).toContain('podnet');
  });

  it('are masked in the arguments of the runtime', () => {
    const line = write('{}', { K8S_POD_NAME: 'kept', BOOT_TOKEN: 'hunter2' });
    expect([line.includes('kept'), line.includes('hunter2')]).toEqual([true, false]);
  });
});

describe('the journal line', () => {
  const finished = {
    verb: 'DEL',
    mode: 'bridge',
    variables: { CNI_CONTAINERID: 'c1', CNI_NETNS: '' },
    args: {},
    input: 'no json',
    output: '',
    exitCode: 0,
    error: undefined,
    netnsId: undefined,
    steps: [],
    config: undefined,
    durationUs: 7,
    startedAtMs: 1_700_000_000_000.25,
  } as const;
  const origin = { node: 'n1', pluginVersion: '0.1.0', random: new Uint8Array(10) };

  it('is valid with as little as a DEL without namespace, pod and configuration gives', () => {
    const event = describeInvocation(finished, origin);
    expect(InvocationEvent.parse(event)).toEqual(event);
    expect(event.data).toMatchObject({ stdin: 'no json', env: { containerId: 'c1' } });
    expect(event.data.env).not.toHaveProperty('netns');
  });

  it('carries the caller’s trace, and none that is invalid', () => {
    const TRACEPARENT = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
    const withTrace = (variables: Readonly<Record<string, string>>) =>
      describeInvocation({ ...finished, variables }, origin);
    const event = withTrace({ TRACEPARENT, TRACESTATE: 'rojo=1' });
    expect(event).toMatchObject({ traceparent: TRACEPARENT, tracestate: 'rojo=1' });
    expect(InvocationEvent.parse(event)).toEqual(event);
    expect(withTrace({ TRACEPARENT: 'nonsense', TRACESTATE: 'rojo=1' })).toEqual(withTrace({}));
  });

  it('leaves out what no configuration is: a stdin of megabytes', () => {
    const { data } = describeInvocation({ ...finished, input: `{"name":"${'x'.repeat(2 ** 20)}"}` }, origin);
    expect(data.stdin).toMatch(/^\{"name":"x{1015}… \(1048587 characters, the rest is left out\)$/);
  });

  it('has times to the microsecond', () => {
    expect(formatTimestamp(1_700_000_000_000.25)).toBe('2023-11-14T22:13:20.000250Z');
  });
});
