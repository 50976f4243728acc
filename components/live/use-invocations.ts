'use client';

import type { InvocationList } from '#model/protocol/live-message.ts';
import type { LiveState } from './live-state.ts';
import { useLiveView } from './use-live-view.ts';

type InvocationFilter = { readonly node?: string | undefined; readonly pod?: string | undefined };

/** CNI invocations as they happen, oldest first, of one node, one pod (`<namespace>/<name>`) or all. */
export function useInvocations({ node, pod }: InvocationFilter = {}): LiveState<InvocationList> {
  const view = {
    kind: 'invocations',
    ...(node === undefined ? {} : { node }),
    ...(pod === undefined ? {} : { pod }),
  } as const;
  return useLiveView(view) as LiveState<InvocationList>;
}
