import type { IncomingHttpHeaders } from 'node:http';
import type { HttpBindings } from '@hono/node-server';
import type { OpenAPIHono } from '@hono/zod-openapi';
import type { Logger } from 'pino';
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
  /** Who sends a request with these headers. */
  readonly viewerFor: (headers: IncomingHttpHeaders) => Viewer;
  readonly isReady: () => boolean;
  /** Why nothing can be stored now; `undefined`: it can. */
  readonly storeTrouble: () => string | undefined;
};

/** What is known of who asks, before a route answers. */
export type ApiVariables = {
  /** Set below /api/. */
  readonly viewer: Viewer;
};

export type ApiEnvironment = { Bindings: HttpBindings; Variables: ApiVariables };

export type Api = OpenAPIHono<ApiEnvironment>;
