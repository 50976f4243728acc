import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { createServer, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { describePod, type VariedNode } from './vary-node.ts';

/**
 * A double of a Kubernetes API server that has many pods and nothing new: nobody can run 5,000 real nodes here. Lists in pages
 * where it is asked to, watches that stay silent.
 */
export class ClusterDouble implements AsyncDisposable {
  readonly #nodes: readonly object[];
  readonly #pods: readonly string[];
  readonly #server: Server;

  constructor(nodes: readonly VariedNode[]) {
    this.#nodes = nodes.map((node) => ({
      apiVersion: 'v1',
      kind: 'Node',
      metadata: { name: node.name, uid: `uid-${node.name}`, resourceVersion: '1' },
      spec: { podCIDR: node.podCidr, podCIDRs: [node.podCidr] },
      status: {
        conditions: [{ type: 'Ready', status: 'True' }],
        addresses: [{ type: 'InternalIP', address: '192.168.31.163' }],
      },
    }));
    this.#pods = nodes.flatMap((node) => node.adds.map((add) => JSON.stringify(writePod(node, add))));
    this.#server = createServer((request, response) => this.#answer(new URL(request.url ?? '/', 'http://x'), response));
  }

  /** Answers the path of a kubeconfig that leads here. */
  async listen(folder: string): Promise<string> {
    this.#server.listen(0, '127.0.0.1');
    await once(this.#server, 'listening');
    const { port } = this.#server.address() as AddressInfo;
    const path = join(folder, 'kubeconfig');
    const cluster = {
      name: 'double',
      cluster: { server: `http://127.0.0.1:${port}`, 'insecure-skip-tls-verify': true },
    };
    const config = {
      apiVersion: 'v1',
      kind: 'Config',
      clusters: [cluster],
      users: [{ name: 'bench', user: { token: 'bench' } }],
      contexts: [{ name: 'double', context: { cluster: 'double', user: 'bench' } }],
      'current-context': 'double',
    };
    writeFileSync(path, JSON.stringify(config));
    return path;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const closed = once(this.#server, 'close');
    this.#server.close();
    this.#server.closeAllConnections();
    await closed;
  }

  #answer(url: URL, response: ServerResponse): void {
    response.setHeader('content-type', 'application/json');
    if (url.searchParams.get('watch') === 'true' || url.searchParams.get('watch') === '1') {
      response.flushHeaders();
      return;
    }
    const items = url.pathname.endsWith('/pods')
      ? this.#pods
      : url.pathname.endsWith('/nodes')
        ? this.#nodes.map((node) => JSON.stringify(node))
        : [];
    const from = Number(url.searchParams.get('continue') ?? 0);
    const limit = Number(url.searchParams.get('limit') ?? 0) || items.length;
    const rest = from + limit < items.length ? { continue: String(from + limit) } : {};
    const metadata = JSON.stringify({ resourceVersion: '1', ...rest });
    const kind = url.pathname.endsWith('/pods') ? 'PodList' : url.pathname.endsWith('/nodes') ? 'NodeList' : 'List';
    const page = items.slice(from, from + limit).join(',');
    response.end(`{"kind":"${kind}","apiVersion":"v1","metadata":${metadata},"items":[${page}]}`);
  }
}

function writePod(node: VariedNode, add: VariedNode['adds'][number]): object {
  const pod = describePod(add, node.name);
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      namespace: pod.namespace,
      name: pod.name,
      uid: pod.uid,
      resourceVersion: '1',
      creationTimestamp: pod.createdAt,
    },
    spec: { nodeName: node.name, containers: [{ name: 'main', image: pod.images[0] }] },
    status: { phase: 'Running', podIP: pod.podIps[0], podIPs: pod.podIps.map((ip) => ({ ip })) },
  };
}
