import { describe, expect, it } from 'vitest';
import { parseAgentSettings } from './agent-settings.ts';

describe('the environment of the agent', () => {
  it('names the node, its folders and a collector behind a socket file', () => {
    const env = { PODWIRE_NODE: 'k8s-node01', PODWIRE_STATE: '/state', PODWIRE_COLLECTOR: 'unix:/run/collector.sock' };
    expect(parseAgentSettings(env)).toEqual({
      ok: true,
      value: {
        node: 'k8s-node01',
        stateFolder: '/state',
        runFolder: '/run/podwire',
        journalFileBytes: 16 * 2 ** 20,
        journalTotalBytes: 256 * 2 ** 20,
        collector: { baseUrl: 'http://collector', unixSocket: '/run/collector.sock' },
      },
    });
  });

  it('takes a collector on a port, with the usual folders', () => {
    const settings = parseAgentSettings({ PODWIRE_NODE: 'n', PODWIRE_COLLECTOR: 'http://10.0.0.1:7639/' });
    expect(settings).toMatchObject({
      ok: true,
      value: { stateFolder: '/var/lib/podwire', collector: { baseUrl: 'http://10.0.0.1:7639' } },
    });
  });

  it.each(['0', '-1', '16M', '1e9'])('refuses "%s" as a size of the journal', (text) => {
    const env = { PODWIRE_COLLECTOR: 'http://10.0.0.1:7639', PODWIRE_JOURNAL_FILE_BYTES: text };
    expect(JSON.stringify(parseAgentSettings(env))).toContain('PODWIRE_JOURNAL_FILE_BYTES must be a number of bytes');
  });

  it.each([undefined, '', 'unix:relative', '10.0.0.1:7639', 'ftp://10.0.0.1'])(
    'refuses the collector "%s" with a remedy',
    (text) => {
      const settings = parseAgentSettings({ PODWIRE_COLLECTOR: text });
      expect(settings.ok).toBe(false);
      expect(JSON.stringify(settings)).toContain('PODWIRE_COLLECTOR must be');
    },
  );

  const readMetrics = (text: string) =>
    parseAgentSettings({ PODWIRE_COLLECTOR: 'http://10.0.0.1:7639', PODWIRE_METRICS_LISTEN: text });

  it('tells metrics only where it is told to', () => {
    expect(readMetrics('')).toMatchObject({ ok: true, value: { metrics: undefined } });
    expect(readMetrics('127.0.0.1:7640')).toMatchObject({ value: { metrics: { host: '127.0.0.1', port: 7640 } } });
    expect(readMetrics('[::1]:7640')).toMatchObject({ value: { metrics: { host: '::1', port: 7640 } } });
  });

  it.each(['7640', 'localhost:7640', '127.0.0.1:70000', '127.0.0.1'])('refuses %s as address of metrics', (text) => {
    expect(JSON.stringify(readMetrics(text))).toContain('PODWIRE_METRICS_LISTEN must be');
  });
});
