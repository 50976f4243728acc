import { type LabBody, LabCniRequest, LabExecRequest } from '#model/protocol/rest.ts';
import { installNetworkPlugin, removeNetworkPlugin } from '../machine/install-network-plugin.ts';
import { runCommand } from '../run-command.ts';
import { listConfigurationFiles } from '../runtime/network-configuration.ts';
import type { ApiParts, ApiRequest } from './api-request.ts';
import { HttpFailure, readJson, writeJson } from './http-answers.ts';

const EXEC_TIMEOUT_MS = 10_000;
const EXEC_ENVIRONMENT = { PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin', HOME: '/root' };

/** The lab's own routes below `/lab/v1`. */
export async function answerLab(call: ApiRequest): Promise<void> {
  const { request, response, parts, path } = call;
  const [, version, collection, first, second, third, fourth] = path;
  if (version !== 'v1') throw notFound(path);
  if (path.length === 2 && request.method === 'GET') return writeJson(response, 200, await describeLab(parts));
  if (collection === 'nodes' && path.length === 5 && second === 'cni' && request.method === 'PUT') {
    return await putCni(call, first ?? '');
  }
  if (request.method !== 'POST' || path.at(-1) !== 'exec') throw notFound(path);
  if (collection === 'nodes' && path.length === 5) {
    return await execute(call, findKubelet(parts, first ?? '').parts.machine.holder.enter);
  }
  if (collection === 'namespaces' && second === 'pods' && fourth === 'exec' && path.length === 7) {
    return await execute(call, enterPod(parts, first ?? '', third ?? ''));
  }
  throw notFound(path);
}

async function describeLab(parts: ApiParts): Promise<LabBody> {
  const nodes = [...parts.kubelets.values()].map(async (kubelet) => {
    const configurationFiles = [...(await listConfigurationFiles(kubelet.parts.machine))];
    return { name: kubelet.parts.machine.plan.name, isConfigured: configurationFiles.length > 0, configurationFiles };
  });
  return { nodes: await Promise.all(nodes), images: ['busybox', 'nginx'] };
}

async function putCni(call: ApiRequest, name: string): Promise<void> {
  const kubelet = findKubelet(call.parts, name);
  const wish = LabCniRequest.safeParse(await readJson(call.request));
  if (!wish.success) throw new HttpFailure(400, 'BadRequest', 'the body must be {"installed": true} or false');
  if (wish.data.installed) await installNetworkPlugin(kubelet.parts.machine);
  else await removeNetworkPlugin(kubelet.parts.machine);
  await kubelet.refreshNetwork();
  writeJson(call.response, 200, await describeLab(call.parts));
}

async function execute(call: ApiRequest, enter: readonly string[]): Promise<void> {
  const wish = LabExecRequest.safeParse(await readJson(call.request));
  if (!wish.success) throw new HttpFailure(400, 'BadRequest', 'the body must be {"command": ["…", …]}');
  const command = [...enter, ...wish.data.command];
  writeJson(call.response, 200, await runCommand(command, { env: EXEC_ENVIRONMENT, timeoutMs: EXEC_TIMEOUT_MS }));
}

function enterPod(parts: ApiParts, namespace: string, name: string): readonly string[] {
  const pod = parts.store.getPod(namespace, name);
  if (pod === undefined) throw new HttpFailure(404, 'NotFound', `pods "${name}" not found in namespace ${namespace}`);
  const container = parts.kubelets.get(pod.spec.nodeName)?.findWorker(pod.metadata.uid)?.container;
  if (container === undefined) throw new HttpFailure(409, 'Conflict', `pod ${namespace}/${name} is not running`);
  return container.enter;
}

function findKubelet(parts: ApiParts, name: string) {
  const kubelet = parts.kubelets.get(name);
  if (kubelet === undefined) throw new HttpFailure(404, 'NotFound', `the lab has no node "${name}"`);
  return kubelet;
}

function notFound(path: readonly string[]): HttpFailure {
  return new HttpFailure(404, 'NotFound', `/${path.join('/')} not found`);
}
