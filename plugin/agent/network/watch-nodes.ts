import { WakeSignal } from '../wake-signal.ts';
import { describeError } from '../write-log-line.ts';
import { ApiFailure, requestApi } from './api-client.ts';
import type { ApiSettings } from './api-settings.ts';
import { type PeerNode, parsePeerNode } from './peer-node.ts';

export type NodesByName = ReadonlyMap<string, PeerNode>;

export type NodeWatch = {
  readonly api: ApiSettings;
  readonly signal: AbortSignal;
  /** Called with the complete set, at first and whenever something of it that we keep has changed. */
  readonly onNodes: (nodes: NodesByName) => void;
  /** Called with the reason of each failure in a row, and with undefined when the API answers again. */
  readonly onTrouble: (reason: string | undefined) => void;
  /** Between 0 and 1. */
  readonly random: () => number;
};

const PAGE_NODES = 500;
/** The server ends a watch then, and ours starts anew; a connection that died silently is noticed a little later. */
const WATCH_S = { least: 180, spread: 60 } as const;
const SILENCE_MS = 15_000;
const LIST_TIMEOUT_MS = 60_000;
const FIRST_RETRY_MS = 500;
const LAST_RETRY_MS = 30_000;
const GONE = 410;

/**
 * Follows the cluster's nodes until aborted: lists, then watches from there; lists again where the watch is too old (410).
 * Source: kubernetes.io, "Kubernetes API Concepts", efficient detection of changes.
 */
export async function watchNodes(watch: NodeWatch): Promise<void> {
  const { signal, random, onTrouble } = watch;
  const following = new FollowedNodes(watch);
  let retryMs = FIRST_RETRY_MS;
  while (!signal.aborted) {
    try {
      await following.step();
      retryMs = FIRST_RETRY_MS;
      onTrouble(undefined);
    } catch (error) {
      if (signal.aborted) return;
      if (error instanceof ApiFailure && error.status === GONE) {
        following.forget();
        // Who lists anew at once for ever would be a burden to a server in trouble.
        await new WakeSignal().wait(random() * FIRST_RETRY_MS, signal);
        continue;
      }
      onTrouble(describeError(error));
      await new WakeSignal().wait(retryMs * (0.5 + random() / 2), signal);
      retryMs = Math.min(LAST_RETRY_MS, retryMs * 2);
    }
  }
}

type WatchEvent = {
  readonly type?: unknown;
  readonly object?: { readonly metadata?: { readonly resourceVersion?: unknown } };
};

class FollowedNodes {
  readonly #watch: NodeWatch;
  #nodes = new Map<string, PeerNode>();
  #version: string | undefined;

  constructor(watch: NodeWatch) {
    this.#watch = watch;
  }

  /** The next step lists. */
  forget(): void {
    this.#version = undefined;
  }

  /** One list, or one watch until the server ends it. */
  async step(): Promise<void> {
    if (this.#version === undefined) await this.#list();
    else await this.#follow(this.#version);
  }

  async #list(): Promise<void> {
    const { api, signal, onNodes } = this.#watch;
    const nodes = new Map<string, PeerNode>();
    let continued = '';
    let version: string | undefined;
    do {
      const query = new URLSearchParams({
        limit: String(PAGE_NODES),
        ...(continued === '' ? {} : { continue: continued }),
      });
      const timeout = AbortSignal.any([signal, AbortSignal.timeout(LIST_TIMEOUT_MS)]);
      const page = parsePage(await (await requestApi(api, `/api/v1/nodes?${query}`, timeout)).json());
      for (const node of page.nodes) nodes.set(node.name, node);
      ({ continued, version } = page);
    } while (continued !== '');
    const isSame = JSON.stringify([...nodes.values()]) === JSON.stringify([...this.#nodes.values()]);
    const isFirst = this.#version === undefined && this.#nodes.size === 0;
    this.#nodes = nodes;
    this.#version = version;
    if (isFirst || !isSame) onNodes(new Map(nodes));
  }

  async #follow(from: string): Promise<void> {
    const { api, signal, random } = this.#watch;
    const seconds = Math.round(WATCH_S.least + random() * WATCH_S.spread);
    const query = new URLSearchParams({
      ...{ watch: 'true', allowWatchBookmarks: 'true' },
      ...{ resourceVersion: from, timeoutSeconds: String(seconds) },
    });
    const end = AbortSignal.any([signal, AbortSignal.timeout(seconds * 1000 + SILENCE_MS)]);
    const response = await requestApi(api, `/api/v1/nodes?${query}`, end);
    this.#watch.onTrouble(undefined);
    for await (const line of readLines(response)) this.#take(JSON.parse(line) as WatchEvent);
  }

  #take({ type, object }: WatchEvent): void {
    if (type === 'ERROR') throw describeErrorEvent(object);
    const version = object?.metadata?.resourceVersion;
    if (typeof version === 'string' && version !== '') this.#version = version;
    const node = type === 'BOOKMARK' ? undefined : parsePeerNode(object);
    if (node === undefined) return;
    const known = this.#nodes.get(node.name);
    if (type === 'DELETED') this.#nodes.delete(node.name);
    else this.#nodes.set(node.name, node);
    const isSame = known !== undefined && JSON.stringify(known) === JSON.stringify(node);
    if (type === 'DELETED' ? known !== undefined : !isSame) this.#watch.onNodes(new Map(this.#nodes));
  }
}

function parsePage(value: unknown): {
  readonly nodes: readonly PeerNode[];
  readonly continued: string;
  readonly version: string;
} {
  const { metadata, items } = value as { readonly metadata?: Record<string, unknown>; readonly items?: unknown };
  if (!Array.isArray(items) || typeof metadata?.resourceVersion !== 'string')
    throw new Error('the answer is no list of nodes');
  return {
    nodes: items.map(parsePeerNode).filter((node) => node !== undefined),
    continued: typeof metadata.continue === 'string' ? metadata.continue : '',
    version: metadata.resourceVersion,
  };
}

function describeErrorEvent(object: unknown): ApiFailure {
  const { code, message } = (object ?? {}) as { readonly code?: unknown; readonly message?: unknown };
  return new ApiFailure(
    typeof code === 'number' ? code : 0,
    `the watch ended: ${String(message ?? 'no reason given')}`,
  );
}

async function* readLines(response: Response): AsyncGenerator<string> {
  let text = '';
  for await (const chunk of (response.body ?? new ReadableStream()).pipeThrough(new TextDecoderStream())) {
    text += chunk;
    const lines = text.split('\n');
    text = lines.pop() ?? '';
    yield* lines.filter((line) => line.trim() !== '');
  }
}
