import type { ApiRequest } from './api-request.ts';
import { HttpFailure } from './http-answers.ts';
import type { KubernetesObject, ObjectKind } from './kubernetes-objects.ts';
import type { StoreEvent } from './object-store.ts';

export type WatchWish = {
  readonly kind: ObjectKind;
  readonly isSelected: (object: KubernetesObject) => boolean;
};

const BOOKMARK_INTERVAL_MS = 60_000;
const DEFAULT_TIMEOUT_SECONDS = 1800;

/**
 * Streams one JSON line per change (Kubernetes API concepts, "Efficient detection of changes").
 * Without a resourceVersion, or with 0, the present objects come first as ADDED. A forgotten one is answered 410 Gone.
 */
export function answerWatch(call: ApiRequest, wish: WatchWish): void {
  const { url, parts, response, request } = call;
  const asked = url.searchParams.get('resourceVersion') ?? '';
  const isFromNow = asked === '' || asked === '0';
  if (!/^\d*$/.test(asked)) throw new HttpFailure(400, 'BadRequest', `invalid resourceVersion "${asked}"`);
  const write = (type: string, object: unknown) => response.write(`${JSON.stringify({ type, object })}\n`);
  const present = isFromNow ? parts.store.list(wish.kind).filter(wish.isSelected) : [];
  const held: StoreEvent[] = [];
  let isOpen = false;
  const watch = parts.store.watch(isFromNow ? parts.store.revision : Number(asked), (event) => {
    if (!wish.isSelected(event.object)) return;
    if (isOpen) write(event.type, event.object);
    else held.push(event);
  });
  if (!watch.ok) {
    throw new HttpFailure(410, 'Expired', `too old resource version: ${asked} (${watch.error.revision})`);
  }
  response.writeHead(200, { 'content-type': 'application/json', 'cache-control': 'no-cache' });
  response.flushHeaders();
  isOpen = true;
  for (const object of present) write('ADDED', object);
  for (const event of held) write(event.type, event.object);
  const bookmark = setInterval(() => {
    if (url.searchParams.get('allowWatchBookmarks') !== 'true') return;
    const metadata = { resourceVersion: String(parts.store.revision), creationTimestamp: null };
    write('BOOKMARK', { kind: wish.kind, apiVersion: 'v1', metadata });
  }, BOOKMARK_INTERVAL_MS);
  const seconds = Number(url.searchParams.get('timeoutSeconds') ?? DEFAULT_TIMEOUT_SECONDS) || DEFAULT_TIMEOUT_SECONDS;
  const timeout = setTimeout(() => response.end(), seconds * 1000);
  const close = () => {
    watch.value();
    clearInterval(bookmark);
    clearTimeout(timeout);
  };
  response.on('close', close);
  request.on('aborted', close);
}
