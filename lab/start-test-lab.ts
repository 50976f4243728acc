import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import type { LabExecBody } from '#model/protocol/rest.ts';
import type { NodeObject, PodObject } from './api/kubernetes-objects.ts';
import type { LabReport } from './lab-options.ts';

/** A lab of a test's own, driven through nothing but its API. */
export type TestLab = {
  readonly process: ChildProcess;
  readonly directory: string;
  readonly server: string;
  readonly call: (method: string, path: string, body?: unknown) => Promise<Response>;
  readonly getNode: (name: string) => Promise<NodeObject>;
  readonly getPod: (name: string) => Promise<PodObject | undefined>;
  readonly createPod: (pod: { readonly name: string; readonly node: string; readonly image: string }) => Promise<void>;
  readonly execInPod: (pod: string, ...command: string[]) => Promise<LabExecBody>;
  readonly execOnNode: (node: string, ...command: string[]) => Promise<LabExecBody>;
  readonly [Symbol.asyncDispose]: () => Promise<void>;
};

const POLL_MS = 50;
const DEADLINE_MS = 30_000;

/** Starts `lab/main.ts` as the server does and waits until its API answers. */
export async function startTestLab(environment: Readonly<Record<string, string>> = {}): Promise<TestLab> {
  const directory = await mkdtemp(join(tmpdir(), 'podwire-lab-'));
  const lab = spawn(process.execPath, [join(import.meta.dirname, 'main.ts')], {
    stdio: ['pipe', 'pipe', 'inherit'],
    env: { PODWIRE_EXECUTABLE: resolve('dist/podwire'), ...process.env, PODWIRE_LAB_DIR: directory, ...environment },
  });
  const ready = await waitForReady(lab);
  const call = (method: string, path: string, body?: unknown) =>
    fetch(`${ready.server}${path}`, {
      method,
      headers: { authorization: `Bearer ${ready.token}` },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
  const exec = async (path: string, command: readonly string[]) => {
    const response = await call('POST', `${path}/exec`, { command });
    if (!response.ok) throw new Error(await response.text());
    return (await response.json()) as LabExecBody;
  };
  return {
    process: lab,
    directory,
    server: ready.server,
    call,
    getNode: async (name) => (await (await call('GET', `/api/v1/nodes/${name}`)).json()) as NodeObject,
    getPod: async (name) => {
      const response = await call('GET', `/api/v1/namespaces/default/pods/${name}`);
      return response.ok ? ((await response.json()) as PodObject) : undefined;
    },
    createPod: async ({ name, node, image }) => {
      const spec = { nodeName: node, containers: [{ name, image }] };
      const response = await call('POST', '/api/v1/namespaces/default/pods', { metadata: { name }, spec });
      if (response.status !== 201) throw new Error(await response.text());
    },
    execInPod: (pod, ...command) => exec(`/lab/v1/namespaces/default/pods/${pod}`, command),
    execOnNode: (node, ...command) => exec(`/lab/v1/nodes/${node}`, command),
    [Symbol.asyncDispose]: async () => {
      if (lab.exitCode === null && lab.signalCode === null) {
        const gone = new Promise((exited) => lab.once('exit', exited));
        lab.stdin?.end();
        await gone;
      }
      await rm(directory, { recursive: true, force: true });
    },
  };
}

/** Asks again until the answer is something; the error says what was waited for. */
export async function waitFor<T>(what: string, ask: () => Promise<T | undefined | false>): Promise<T> {
  const deadlineMs = performance.now() + DEADLINE_MS;
  for (;;) {
    const answer = await ask();
    if (answer !== undefined && answer !== false) return answer;
    if (performance.now() > deadlineMs) throw new Error(`waited in vain for ${what}`);
    await wait(POLL_MS);
  }
}

type Ready = Extract<LabReport, { readonly type: 'ready' }>;

function waitForReady(lab: ChildProcess): Promise<Ready> {
  const { promise, resolve: found, reject } = Promise.withResolvers<Ready>();
  let text = '';
  lab.stdout?.setEncoding('utf8').on('data', (chunk: string) => {
    text += chunk;
    const lines = text.split('\n');
    text = lines.pop() ?? '';
    for (const report of lines.map((line) => JSON.parse(line) as LabReport)) {
      if (report.type === 'ready') found(report);
      if (report.type === 'problem') reject(new Error(`${report.message}; ${report.remedy}`));
    }
  });
  lab.on('exit', (code) => reject(new Error(`the lab ended with ${code}`)));
  return promise;
}
