import type { FindingsTopology } from '#model/findings/node-finding.ts';
import type { InvocationList, LiveView } from '#model/protocol/live-message.ts';
import type { ClusterTopology, NodeTopology } from '#model/topology/topology.ts';

/**
 * What a view may draw. `loading`: nothing heard yet. `live`: this is what the collector holds now. `stale`: the value is
 * old, as of `since`, and has to look old. `missing`: the collector has no such thing.
 */
export type LiveState<T> = {
  readonly status: 'loading' | 'live' | 'stale' | 'missing';
  readonly value?: T;
  /** RFC 3339: since when the status holds. */
  readonly since?: string;
};

/** State of the one socket between this browser and the collector. */
export type ConnectionState = {
  /** `stale`: the socket is open and silent. `gone`: there is no socket, and a new one could not be made. */
  readonly state: 'connecting' | 'live' | 'catching-up' | 'stale' | 'gone';
  readonly since: string;
  /** How much longer the last message took than the fastest one of this session; clocks may differ, this does not. */
  readonly lagMs?: number;
};

export type LiveValue = ClusterTopology | NodeTopology | FindingsTopology | InvocationList;

/** One thing that somebody draws, as the reducer holds it. */
export type Subscription = {
  readonly id: string;
  readonly view: LiveView;
  /** `seq` of the last message applied; absent while a snapshot is awaited. */
  readonly seq?: number;
  readonly state: LiveState<LiveValue>;
};

export type LiveModel = {
  readonly connection: ConnectionState;
  readonly subscriptions: ReadonlyMap<string, Subscription>;
  /** Milliseconds of the local clock when anything was last heard. */
  readonly lastHeardMs?: number;
  /** The smallest difference seen between the local clock and the server's. */
  readonly smallestOffsetMs?: number;
};
