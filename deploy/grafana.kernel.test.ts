import type { ChildProcess } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import pino from 'pino';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { KernelSandbox } from '#plugin/agent/kernel-sandbox.ts';
import { SpanExport } from '#server/telemetry/span-export.ts';
import { startTestServer, type TestServer } from '#server/testing/start-test-server.ts';

type Panel = { readonly title: string; readonly targets?: readonly { readonly expr: string }[] };

const ASK = `fetch('http://127.0.0.1:7640/metrics').then((answer) => answer.text()).then(console.log, () => undefined)`;

const listNames = (text: string): readonly string[] =>
  text.split('\n').flatMap((line) => /^([a-z0-9_]+)(?:\{| )/.exec(line)?.[1] ?? []);

describe('the Grafana dashboard', () => {
  const dashboard = JSON.parse(readFileSync(join(import.meta.dirname, 'grafana', 'podwire.json'), 'utf8')) as {
    readonly panels: readonly Panel[];
  };
  const asked = [
    ...new Set(
      dashboard.panels.flatMap(({ targets = [] }) =>
        targets.flatMap(({ expr }) => expr.match(/\b(?:podwire|process|nodejs)_[a-z0-9_]+/g) ?? []),
      ),
    ),
  ];
  let app: TestServer;
  let sandbox: KernelSandbox;
  let agent: ChildProcess;
  let exported: ReadonlySet<string>;

  /** A server that has taken a batch of a real agent. */
  beforeAll(async () => {
    app = await startTestServer(undefined, new SpanExport({ log: pino({ level: 'silent' }), version: 'test' }));
    sandbox = await KernelSandbox.start();
    agent = sandbox.startPodwire('agent', {
      PODWIRE_NODE: 'k8s-node01',
      PODWIRE_STATE: sandbox.folder,
      PODWIRE_COLLECTOR: `unix:${app.config.collectorSocket}`,
      PODWIRE_METRICS_LISTEN: '127.0.0.1:7640',
    });
    while (!Object.hasOwn(app.server.fold.cluster().nodes, 'k8s-node01')) await wait(20);
    const ofServer = await (await fetch(`${app.url}/metrics`)).text();
    const ofAgent = sandbox.run(`${process.execPath} -e "${ASK}"`);
    exported = new Set([...listNames(ofServer), ...listNames(ofAgent)]);
  });
  afterAll(async () => {
    agent.kill('SIGKILL');
    await sandbox.stop();
    await app[Symbol.asyncDispose]();
  });

  it('asks in every panel for something that a running collector or agent tells', () => {
    expect(asked.length).toBeGreaterThan(10);
    expect(asked.filter((name) => !exported.has(name))).toEqual([]);
    expect(dashboard.panels.filter(({ targets }) => targets !== undefined && targets.length === 0)).toEqual([]);
  });
});
