import type { ChildProcess } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { findSandboxObstacle, KernelSandbox } from './kernel-sandbox.ts';
import { TestCollector } from './test-collector.ts';

const obstacle = findSandboxObstacle();
if (obstacle !== undefined) console.warn(`skipped: ${obstacle}`);

/** Run by Node inside the node's network; no answer is status 0. */
const ASK = `const [method, path] = process.argv.slice(1);
fetch('http://127.0.0.1:7640' + path, { method }).then(
  async (answer) => console.log(JSON.stringify({ status: answer.status, type: answer.headers.get('content-type'), body: await answer.text() })),
  () => console.log(JSON.stringify({ status: 0 })),
)`;

type Answer = { readonly status: number; readonly type: string; readonly body: string };

describe.skipIf(obstacle !== undefined)('the metrics of an agent', () => {
  let sandbox: KernelSandbox;
  let collector: TestCollector;
  let agent: ChildProcess | undefined;

  beforeEach(async () => {
    sandbox = await KernelSandbox.start();
    mkdirSync(join(sandbox.folder, 'journal'));
    collector = new TestCollector(join(sandbox.folder, 'collector.sock'));
  });
  afterEach(async () => {
    agent?.kill('SIGKILL');
    await collector.close();
    await sandbox.stop();
  });

  const startAgent = (listen: string): void => {
    agent = sandbox.startPodwire('agent', {
      PODWIRE_NODE: 'k8s-node01',
      PODWIRE_STATE: sandbox.folder,
      PODWIRE_COLLECTOR: `unix:${join(sandbox.folder, 'collector.sock')}`,
      PODWIRE_METRICS_LISTEN: listen,
    });
  };
  const ask = (path: string, method = 'GET') => {
    writeFileSync(join(sandbox.folder, 'ask.js'), ASK);
    return sandbox.readJson<Answer>(`${process.execPath} -e "$(cat ${sandbox.folder}/ask.js)" ${method} ${path}`);
  };

  it('are answered on the node’s own address, and probes with them, to readers only', async () => {
    startAgent('127.0.0.1:7640');
    await collector.until(() => collector.records.length > 0);
    while (ask('/readyz').status !== 200) await wait(50);
    expect(ask('/healthz')).toMatchObject({ status: 200, body: expect.stringContaining('ok') });
    const metrics = ask('/metrics');
    expect(metrics).toMatchObject({ status: 200, type: 'text/plain; version=0.0.4; charset=utf-8' });
    expect(metrics.body).toMatch(/^podwire_agent_info\{version="[^"]+"\} 1$/m);
    expect(metrics.body).toMatch(/^podwire_agent_kernel_read 1$/m);
    expect(metrics.body).toMatch(/^process_resident_memory_bytes \d{7,}$/m);
    expect([ask('/').status, ask('/metrics', 'POST').status]).toEqual([404, 405]);
  });

  it('cost the agent nothing where the address is taken or is none of the node’s', async () => {
    startAgent('192.0.2.1:7640');
    await collector.until(() => collector.records.some(({ type }) => type === 'kernel.snapshot'));
    expect(sandbox.findPids('agent')).toHaveLength(1);
  });

  it('are answered as soon as the agent before is gone, whose address this one wants', async () => {
    startAgent('127.0.0.1:7640');
    while (ask('/readyz').status !== 200) await wait(50);
    const [before] = sandbox.findPids('agent');
    startAgent('127.0.0.1:7640');
    while (sandbox.findPids('agent').length < 2) await wait(50);
    sandbox.run(`kill -9 ${before}`);
    while (sandbox.findPids('agent').length > 1) await wait(50);
    while (ask('/readyz').status !== 200) await wait(50);
  });

  it('are off where nobody asked for them', async () => {
    startAgent('');
    await collector.until(() => collector.records.length > 0);
    expect(sandbox.run('ss -Hltn')).toBe('');
  });
});
