'use client';

import { useCallback, useMemo, useSyncExternalStore } from 'react';
import { LiveView } from '#model/protocol/live-message.ts';
import { liveClient } from './live-client.ts';
import type { LiveState, LiveValue } from './live-state.ts';

const LOADING: LiveState<LiveValue> = { status: 'loading' };
const readLoading = (): LiveState<LiveValue> => LOADING;

/** Follows one view of the collector for as long as the component is mounted. */
export function useLiveView(view: LiveView): LiveState<LiveValue> {
  const key = JSON.stringify(view);
  const stable = useMemo(() => LiveView.parse(JSON.parse(key)), [key]);
  const subscribe = useCallback(
    (onChange: () => void) => {
      const stopListening = liveClient.listen(onChange);
      const stopFollowing = liveClient.follow(stable);
      return () => {
        stopListening();
        stopFollowing();
      };
    },
    [stable],
  );
  const read = useCallback(() => liveClient.readView(stable), [stable]);
  return useSyncExternalStore(subscribe, read, readLoading);
}
