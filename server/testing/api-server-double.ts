import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

type StoredObject = {
  readonly metadata: { readonly name: string; readonly namespace?: string; readonly resourceVersion?: string };
};
type Change = {
  readonly type: string;
  readonly version: number;
  readonly plural: string;
  readonly object: StoredObject;
};
type OpenWatch = { readonly plural: string; readonly namespace: string | undefined; readonly response: ServerResponse };

/**
 * A double of the API server, for what the lab's own cannot be brought to: forbidden kinds, pages, expired versions and
 * tokens. List and watch over real HTTP with one revision counter, as etcd has it: a version that was compacted is answered
 * 410, in a list, in a watch's head, or in its stream.
 */
export class ApiServerDouble implements AsyncDisposable {
  readonly requests: string[] = [];
  /** Verb and path, `list /api/v1/pods`, that answer 403; a trailing `*` stands for anything. */
  readonly forbidden = new Set<string>();
  /** Kinds that it does not have. */
  readonly missing = new Set<string>();
  /** Called before a request is answered. */
  beforeAnswer: ((line: string) => void) | undefined;
  /** The bearer token that is good; absent: any. */
  token: string | undefined;
  #objects = new Map<string, StoredObject>();
  #changes: Change[] = [];
  #version = 1;
  #compacted = 0;
  readonly #watches = new Set<OpenWatch>();
  #server: Server | undefined;
  #port = 0;

  get url(): string {
    return `http://127.0.0.1:${this.#port}`;
  }

  get openWatches(): readonly string[] {
    return [...this.#watches].map(({ plural, namespace }) => (namespace ? `${namespace}/${plural}` : plural)).sort();
  }

  async listen(): Promise<void> {
    const server = createServer((request, response) => this.#answer(request, response));
    await new Promise<void>((resolve) => server.listen(this.#port, '127.0.0.1', resolve));
    this.#port = (server.address() as AddressInfo).port;
    this.#server = server;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  async close(): Promise<void> {
    const server = this.#server;
    if (server === undefined) return;
    this.#server = undefined;
    const closed = new Promise((resolve) => server.close(resolve));
    server.closeAllConnections();
    await closed;
  }

  put(plural: string, object: StoredObject): void {
    const key = this.#key(plural, object);
    const type = this.#objects.has(key) ? 'MODIFIED' : 'ADDED';
    this.#objects.set(key, this.#publish(type, plural, object));
  }

  delete(plural: string, object: StoredObject): void {
    this.#objects.delete(this.#key(plural, object));
    this.#publish('DELETED', plural, object);
  }

  /** Forgets every change up to now, as etcd does every five minutes, and changes that come while a client is away. */
  compact(): void {
    this.#compacted = this.#version;
    this.#changes = [];
  }

  bookmark(plural: string): void {
    const object = { metadata: { name: '', resourceVersion: String(this.#version) } };
    for (const watch of this.#watches) if (watch.plural === plural) this.#write(watch, 'BOOKMARK', object);
  }

  /** Ends the streams of a kind: `expired` by a 410 in the stream, `cut` without a word. */
  endWatches(plural: string, how: 'expired' | 'cut'): void {
    for (const watch of this.#watches) {
      if (watch.plural !== plural) continue;
      this.#watches.delete(watch);
      if (how === 'expired') {
        this.#write(watch, 'ERROR', { kind: 'Status', code: 410, reason: 'Expired', message: 'too old' });
        watch.response.end();
      } else watch.response.destroy();
    }
  }

  #key(plural: string, { metadata }: StoredObject): string {
    return `${plural}/${metadata.namespace ?? ''}/${metadata.name}`;
  }

  #publish(type: string, plural: string, object: StoredObject): StoredObject {
    this.#version += 1;
    const stamped = { ...object, metadata: { ...object.metadata, resourceVersion: String(this.#version) } };
    this.#changes.push({ type, version: this.#version, plural, object: stamped });
    for (const watch of this.#watches) if (isSeen(watch, plural, stamped)) this.#write(watch, type, stamped);
    return stamped;
  }

  #write(watch: OpenWatch, type: string, object: unknown): void {
    watch.response.write(`${JSON.stringify({ type, object })}\n`);
  }

  #answer(request: IncomingMessage, response: ServerResponse): undefined {
    const url = new URL(request.url ?? '/', 'http://double');
    const isWatch = url.searchParams.get('watch') === 'true';
    const line = `${isWatch ? 'watch' : 'list'} ${url.pathname}`;
    this.requests.push(`${line}${url.search}`);
    this.beforeAnswer?.(`${line}${url.search}`);
    const match = /^(?:\/api\/v1|\/apis\/discovery\.k8s\.io\/v1)(?:\/namespaces\/([^/]+))?\/(\w+)$/.exec(url.pathname);
    if (this.token !== undefined && request.headers.authorization !== `Bearer ${this.token}`) {
      return refuse(response, 401, 'Unauthorized');
    }
    if (
      [...this.forbidden].some((each) => each === line || (each.endsWith('*') && line.startsWith(each.slice(0, -1))))
    ) {
      return refuse(response, 403, `${match?.[2]} is forbidden: User "podwire" cannot do this at the cluster scope`);
    }
    if (match === null || this.missing.has(match[2] ?? '')) return refuse(response, 404, 'not found');
    const place = { namespace: match[1], plural: match[2] ?? '' };
    if (isWatch) this.#startWatch({ ...place, response }, url);
    else this.#list(place, { url, response });
  }

  #startWatch(watch: OpenWatch, url: URL): undefined {
    const from = Number(url.searchParams.get('resourceVersion'));
    if (from < this.#compacted) return refuse(watch.response, 410, `too old resource version: ${from}`);
    watch.response.writeHead(200, { 'content-type': 'application/json' });
    watch.response.flushHeaders();
    for (const { type, version, plural, object } of this.#changes) {
      if (version > from && isSeen(watch, plural, object)) this.#write(watch, type, object);
    }
    this.#watches.add(watch);
    watch.response.on('close', () => this.#watches.delete(watch));
  }

  #list(
    place: { readonly namespace: string | undefined; readonly plural: string },
    { url, response }: { readonly url: URL; readonly response: ServerResponse },
  ): undefined {
    const [version = String(this.#version), start = '0'] = (url.searchParams.get('continue') ?? '')
      .split(':')
      .filter(Boolean);
    if (Number(version) < this.#compacted) return refuse(response, 410, 'The provided continue parameter is too old');
    const limit = Number(url.searchParams.get('limit') ?? Number.POSITIVE_INFINITY);
    const all = [...this.#objects].filter(([key, object]) => isSeen(place, key.split('/')[0] ?? '', object));
    const from = Number(start);
    const items = all.slice(from, from + limit).map(([, object]) => object);
    const isLast = from + items.length >= all.length;
    const next = isLast ? {} : { continue: `${version}:${from + items.length}` };
    response.setHeader('content-type', 'application/json');
    response.end(
      JSON.stringify({ kind: 'List', apiVersion: 'v1', metadata: { resourceVersion: version, ...next }, items }),
    );
  }
}

function isSeen(
  place: { readonly namespace: string | undefined; readonly plural: string },
  plural: string,
  { metadata }: StoredObject,
): boolean {
  return place.plural === plural && (place.namespace === undefined || metadata.namespace === place.namespace);
}

function refuse(response: ServerResponse, code: number, message: string): undefined {
  response.writeHead(code, { 'content-type': 'application/json' });
  response.end(JSON.stringify({ kind: 'Status', apiVersion: 'v1', status: 'Failure', message, code }));
}
