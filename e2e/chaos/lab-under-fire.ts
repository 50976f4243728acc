import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import type { LabExecBody } from '#model/protocol/rest.ts';

const repository = resolve(import.meta.dirname, '../..');

export type LabUnderFire = AsyncDisposable & {
  readonly kubeconfig: string;
  /** Runs a command in the root namespace of a node. @throws where it fails */
  readonly onNode: (node: string, ...command: readonly string[]) => Promise<string>;
  readonly createPod: (node: string, name: string) => Promise<void>;
  readonly deletePod: (name: string) => Promise<void>;
  /** Phase by the pod's name. */
  readonly listPods: () => Promise<ReadonlyMap<string, string>>;
  /** SIGKILL to the agent of a node; the lab starts it again. */
  readonly killAgent: (node: string) => Promise<void>;
};

type PodList = { readonly items: readonly { metadata: { name: string }; status: { phase: string } }[] };

/** The lab as a process beside the server, so that it outlives a killed collector as a cluster does. */
export async function startLabUnderFire(given: {
  readonly directory: string;
  readonly collectorSocket: string;
}): Promise<LabUnderFire> {
  const child = spawn(process.execPath, [join(repository, 'lab/main.ts')], {
    stdio: ['pipe', 'pipe', 'inherit'],
    env: {
      ...process.env,
      PODWIRE_EXECUTABLE: join(repository, 'dist/podwire'),
      PODWIRE_LAB_DIR: given.directory,
      PODWIRE_LAB_COLLECTOR: given.collectorSocket,
      PODWIRE_LAB_RETRY_MS: '500',
    },
  });
  const ready = Promise.withResolvers<{ readonly server: string; readonly token: string }>();
  createInterface(child.stdout).on('line', (line) => {
    const said = JSON.parse(line) as { type: string; message: string; server: string; token: string };
    if (said.type === 'ready') ready.resolve(said);
    if (said.type === 'problem') ready.reject(new Error(said.message));
  });
  child.on('exit', (code) => ready.reject(new Error(`the lab ended with ${code}`)));
  const { server, token } = await ready.promise;
  const call = async (method: string, path: string, body?: unknown): Promise<unknown> => {
    const answer = await fetch(`${server}${path}`, {
      method,
      headers: { authorization: `Bearer ${token}` },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await answer.text();
    if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${text}`);
    return JSON.parse(text);
  };
  const onNode = async (node: string, ...command: readonly string[]): Promise<string> => {
    const { exitCode, stdout, stderr } = (await call('POST', `/lab/v1/nodes/${node}/exec`, { command })) as LabExecBody;
    if (exitCode !== 0) throw new Error(`${command.join(' ')} on ${node} ended with ${exitCode}: ${stderr}`);
    return stdout;
  };
  const pods = '/api/v1/namespaces/default/pods';
  return {
    kubeconfig: join(given.directory, 'kubeconfig'),
    onNode,
    createPod: async (nodeName, name) => {
      const containers = [{ name, image: 'busybox' }];
      await call('POST', pods, {
        metadata: { name },
        spec: { nodeName, containers, terminationGracePeriodSeconds: 0 },
      });
    },
    deletePod: async (name) => void (await call('DELETE', `${pods}/${name}`)),
    listPods: async () => {
      const { items } = (await call('GET', pods)) as PodList;
      return new Map(items.map(({ metadata, status }) => [metadata.name, status.phase]));
    },
    // The executable is an invocation too: only the one with this word is the agent. It may be between two lives.
    killAgent: async (node) =>
      void (await onNode(node, 'sh', '-c', 'pkill -KILL -f "^/opt/podwire/podwire agent" || :')),
    [Symbol.asyncDispose]: async () => {
      if (child.exitCode !== null || child.signalCode !== null) return;
      const gone = once(child, 'exit');
      child.stdin.end();
      await gone;
    },
  };
}
