import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Kubelet } from '../kubelet/kubelet.ts';
import type { LabAccounts } from './lab-accounts.ts';
import type { ObjectStore } from './object-store.ts';

/** What the routes of the lab's API work on. */
export type ApiParts = {
  readonly store: ObjectStore;
  readonly kubelets: ReadonlyMap<string, Kubelet>;
  readonly token: string;
  /** Who may log in to a dashboard that asks this API. */
  readonly accounts: LabAccounts;
  /** RFC 3339 */
  readonly now: () => string;
  readonly createUuid: () => string;
};

/** One request, on its way to the route that answers it. */
export type ApiRequest = {
  readonly parts: ApiParts;
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly url: URL;
  /** Path segments, decoded. */
  readonly path: readonly string[];
};
