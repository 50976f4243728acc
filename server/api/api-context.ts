import type { HttpBindings } from '@hono/node-server';
import type { OpenAPIHono } from '@hono/zod-openapi';
import type { Logger } from 'pino';
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
  readonly isReady: () => boolean;
  /** Why nothing can be stored now; `undefined`: it can. */
  readonly storeTrouble: () => string | undefined;
};

export type Api = OpenAPIHono<{ Bindings: HttpBindings }>;
