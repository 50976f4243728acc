'use client';

import { useSyncExternalStore } from 'react';
import { liveClient } from './live-client.ts';
import type { ConnectionState } from './live-state.ts';

const CONNECTING: ConnectionState = { state: 'connecting', since: '1970-01-01T00:00:00.000Z' };
const readConnecting = (): ConnectionState => CONNECTING;

/** Whether what is on screen is live; shown on every page. */
export function useConnection(): ConnectionState {
  return useSyncExternalStore(liveClient.listen, liveClient.readConnection, readConnecting);
}
