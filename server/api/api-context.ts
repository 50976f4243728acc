import type { HttpBindings } from '@hono/node-server';
import type { OpenAPIHono } from '@hono/zod-openapi';
import type { Logger } from 'pino';
import type { Collector } from '../collector/collector.ts';
import type { CommandDesk } from '../commands/command-desk.ts';
import type { Metrics } from '../metrics/make-metrics.ts';
import type { Store } from '../store/store.ts';
import type { TopologyFold } from '../topology/topology-fold.ts';
import type { LabClient } from './lab-client.ts';

/** What the routes stand on; made in main.ts. */
export type ApiParts = {
  readonly store: Store;
  readonly fold: TopologyFold;
  readonly collector: Collector;
  readonly commands: CommandDesk;
  readonly log: Logger;
  readonly metrics: Metrics;
  /** Absent where no lab runs, or none yet. */
  readonly lab: () => LabClient | undefined;
  readonly isReady: () => boolean;
};

export type Api = OpenAPIHono<{ Bindings: HttpBindings }>;
