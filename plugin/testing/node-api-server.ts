import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';

export type TestNode = {
  readonly name: string;
  readonly podCidrs: readonly string[];
  readonly internalIps: readonly string[];
  readonly createdAt?: string;
};

type NamedObject = {
  readonly kind: string;
  readonly metadata: { readonly name: string };
  readonly [key: string]: unknown;
};

/**
 * The smallest real server of list and watch of nodes: chunks of JSON over HTTP, versions, paging, bookmarks, 410. It stands for the
 * API server of Kubernetes, and can be as bad on purpose as that is by accident.
 */
export class NodeApiServer {
  readonly token = 'the-token';
  /** Requests as they came, `GET /api/v1/nodes?…`. */
  readonly requests: string[] = [];
  isUnavailable = false;
  /** Watches from before are too old from now on. */
  #oldestVersion = 0;
  #version = 1;
  readonly #nodes = new Map<string, NamedObject>();
  readonly #history: { readonly version: number; readonly line: string }[] = [];
  readonly #watchers = new Set<ServerResponse>();
  readonly #server: Server;

  /** @param where a path of a Unix socket, or a port */
  constructor(where: string | { readonly port: number }) {
    this.#server = createServer((request, response) => this.#answer(request, response));
    this.#server.listen(where);
  }

  get address(): ReturnType<Server['address']> {
    return this.#server.address();
  }

  get watcherCount(): number {
    return this.#watchers.size;
  }

  put({ name, podCidrs, internalIps, createdAt = '2026-11-25T08:00:00Z' }: TestNode): void {
    const metadata = { name, creationTimestamp: createdAt };
    const addresses = internalIps.map((address) => ({ type: 'InternalIP', address }));
    this.#publish(this.#nodes.has(name) ? 'MODIFIED' : 'ADDED', {
      ...{ kind: 'Node', metadata },
      spec: podCidrs.length === 0 ? {} : { podCIDR: podCidrs[0], podCIDRs: podCidrs },
      status: { addresses: [...addresses, { type: 'Hostname', address: name }] },
    });
  }

  remove(name: string): void {
    const node = this.#nodes.get(name);
    if (node !== undefined) this.#publish('DELETED', node);
  }

  /** Ends every watch, as a restart of the server does. */
  endWatches(): void {
    for (const watcher of this.#watchers) watcher.end();
  }

  /** What was watched until now is forgotten: whoever goes on from there is told so, those who listen at once. */
  expire(): void {
    this.#version += 1;
    this.#oldestVersion = this.#version;
    const status = { kind: 'Status', code: 410, reason: 'Expired', message: 'too old resource version' };
    for (const watcher of this.#watchers) watcher.end(`${JSON.stringify({ type: 'ERROR', object: status })}\n`);
  }

  bookmark(): void {
    const object = { kind: 'Node', metadata: { resourceVersion: String(this.#version) } };
    for (const watcher of this.#watchers) watcher.write(`${JSON.stringify({ type: 'BOOKMARK', object })}\n`);
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  #publish(type: string, node: NamedObject): void {
    this.#version += 1;
    const { name } = node.metadata;
    const object = { ...node, metadata: { ...node.metadata, resourceVersion: String(this.#version) } };
    if (type === 'DELETED') this.#nodes.delete(name);
    else this.#nodes.set(name, object);
    const line = `${JSON.stringify({ type, object })}\n`;
    this.#history.push({ version: this.#version, line });
    for (const watcher of this.#watchers) watcher.write(line);
  }

  #answer(request: IncomingMessage, response: ServerResponse): void {
    const url = new URL(request.url ?? '', 'http://api');
    this.requests.push(`${request.method} ${request.url}`);
    const version = Number(url.searchParams.get('resourceVersion') ?? 0);
    const isWatch = url.searchParams.get('watch') === 'true';
    if (request.headers.authorization !== `Bearer ${this.token}`) writeStatus(response, 401, 'Unauthorized');
    else if (this.isUnavailable) writeStatus(response, 503, 'the server is not ready');
    else if (url.pathname !== '/api/v1/nodes') writeStatus(response, 404, 'not found');
    else if (!isWatch) this.#list(url, response);
    else if (version < this.#oldestVersion) writeStatus(response, 410, 'too old resource version');
    else this.#watch(version, response);
  }

  #watch(version: number, response: ServerResponse): void {
    response.writeHead(200, { 'content-type': 'application/json' });
    response.flushHeaders();
    for (const event of this.#history) if (event.version > version) response.write(event.line);
    this.#watchers.add(response);
    response.on('close', () => this.#watchers.delete(response));
  }

  #list(url: URL, response: ServerResponse): void {
    const items = [...this.#nodes.values()];
    const limit = Number(url.searchParams.get('limit')) || items.length;
    const start = Number(url.searchParams.get('continue') ?? 0);
    const rest = start + limit < items.length ? { continue: String(start + limit) } : {};
    const metadata = { resourceVersion: String(this.#version), ...rest };
    const body = { kind: 'NodeList', metadata, items: items.slice(start, start + limit) };
    response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(body));
  }
}

function writeStatus(response: ServerResponse, code: number, message: string): void {
  response.writeHead(code, { 'content-type': 'application/json' });
  response.end(JSON.stringify({ kind: 'Status', code, message }));
}
