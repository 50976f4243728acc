import type { IncomingHttpHeaders } from 'node:http';
import type { HttpBindings } from '@hono/node-server';
import type { OpenAPIHono } from '@hono/zod-openapi';
import type { Logger } from 'pino';
import type { AgentPass } from '../auth/agent-door.ts';
import type { Gate } from '../auth/gate.ts';
import type { Client } from '../auth/read-client.ts';
import type { Session } from '../auth/sessions.ts';
import type { Viewer } from '../auth/viewer.ts';
import type { Collector } from '../collector/collector.ts';
import type { CommandDesk } from '../commands/command-desk.ts';
import type { Metrics } from '../metrics/make-metrics.ts';
import type { Store } from '../store/store.ts';
import type { OpenView } from '../topology/open-view.ts';
import type { LabClient } from './lab-client.ts';

/** What the routes stand on; made in main.ts. */
export type ApiParts = {
  readonly store: Store;
  /** The state at a time. */
  readonly openView: OpenView;
  readonly collector: Collector;
  readonly commands: CommandDesk;
  readonly log: Logger;
  readonly metrics: Metrics;
  /** Absent where no lab runs, or none yet. */
  readonly lab: () => LabClient | undefined;
  /** Absent where nobody logs in. */
  readonly gate: Gate | undefined;
  /** Who sends a request with these headers, where nobody logs in. */
  readonly viewerFor: (headers: IncomingHttpHeaders) => Viewer;
  readonly isReady: () => boolean;
  /** Why nothing can be stored now; `undefined`: it can. */
  readonly storeTrouble: () => string | undefined;
};

/** Where a request came in: over TCP, or at the unix socket, which the file system guards. */
export type Door = 'tcp' | 'unix';

/** What is known of who asks, before a route answers. */
export type ApiVariables = {
  /** Set below /api/. */
  readonly viewer: Viewer;
  /** Of the viewer, where they log in. */
  readonly session: Session | undefined;
  /** Set below /agent/ for agents that come over the network; absent: the socket vouches for them. */
  readonly agent: AgentPass | undefined;
};

/** `client` is read when a request comes in: a connection that was cut since has no address any more. */
export type ApiEnvironment = {
  Bindings: HttpBindings & { readonly door: Door; readonly client: Client };
  Variables: ApiVariables;
};

export type Api = OpenAPIHono<ApiEnvironment>;
