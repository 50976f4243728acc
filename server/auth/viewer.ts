import { EVERYTHING, type Scope } from './scope.ts';

/** Whoever asks: a person with a session, a program with a token, or the one person at this machine. */
export type Viewer = {
  /** As the API server names them; absent where nobody logs in. */
  readonly user: string | undefined;
  readonly scope: Scope;
  /** Whether commands may go to pods of this namespace; `''`: to every pod and to nodes themselves. */
  readonly mayTrace: (namespace: string) => Promise<boolean>;
  /** Aborts when the session ends or its rights change: open sockets end with it, and the browser comes back. */
  readonly ended: AbortSignal;
};

export const ONLY_PERSON: Viewer = {
  user: undefined,
  scope: EVERYTHING,
  mayTrace: () => Promise.resolve(true),
  ended: new AbortController().signal,
};
