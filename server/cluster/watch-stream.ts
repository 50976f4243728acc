import type { KubernetesObject, Watch } from '@kubernetes/client-node';

export type WatchedEvent = { readonly type: 'ADDED' | 'MODIFIED' | 'DELETED' | 'BOOKMARK'; readonly object: unknown };
type Wish = {
  readonly path: string;
  readonly resourceVersion: string;
  /** The stream stands: the API server has answered. */
  readonly onOpen: () => void;
  readonly onEvent: (event: WatchedEvent) => void;
  readonly signal: AbortSignal;
};

/** The API server ended a stream with an ERROR event: 410 where the resourceVersion is too old. */
export class WatchFailure extends Error {
  readonly statusCode: number | undefined;
  constructor(status: { readonly code?: unknown; readonly message?: unknown }) {
    super(typeof status.message === 'string' ? status.message : 'the watch ended with an error');
    this.statusCode = typeof status.code === 'number' ? status.code : undefined;
  }
}

/**
 * One watch stream from its resourceVersion to its end: resolves where the server, silence or `signal` ended it, rejects
 * with what went wrong else. Bookmarks come too, so that a quiet kind's version does not grow too old (Kubernetes API
 * concepts, "Watch bookmarks").
 */
export function watchStream(watch: Watch, wish: Wish): Promise<void> {
  const { path, resourceVersion, onOpen, onEvent, signal } = wish;
  const ended = Promise.withResolvers<void>();
  let failure: WatchFailure | undefined;
  let stream: AbortController | undefined;
  const abort = () => stream?.abort();
  const done = (error: unknown) => {
    signal.removeEventListener('abort', abort);
    if (failure !== undefined) ended.reject(failure);
    else if (!error || signal.aborted || (error as Error).name === 'TimeoutError') ended.resolve();
    else ended.reject(error);
  };
  const take = (type: string, object: KubernetesObject) => {
    if (signal.aborted || failure !== undefined) return;
    if (type === 'ERROR') {
      failure = new WatchFailure(object as object);
      abort();
    } else {
      onEvent({ type, object } as WatchedEvent);
    }
  };
  signal.addEventListener('abort', abort);
  const query = { resourceVersion, allowWatchBookmarks: true };
  watch.watch(path, query, take, done).then((controller) => {
    stream = controller;
    if (signal.aborted || failure !== undefined) controller.abort();
    else if (!controller.signal.aborted) onOpen();
  }, done);
  return ended.promise;
}
