'use client';

import { useEffect, useState } from 'react';
import type { InvocationSummary } from '#model/topology/topology.ts';

type FrozenList = {
  readonly shown: readonly InvocationSummary[];
  /** How many arrived since the view was frozen; nothing of them is lost. */
  readonly bufferedCount: number;
};

/** The list as it was when `isFrozen` became true, and the count of what came since. */
export function useFrozenList(live: readonly InvocationSummary[], isFrozen: boolean): FrozenList {
  const [frozen, setFrozen] = useState<readonly InvocationSummary[]>();
  useEffect(() => {
    setFrozen((before) => (isFrozen ? (before ?? live) : undefined));
  }, [isFrozen, live]);
  if (!isFrozen || frozen === undefined) {
    return { shown: live, bufferedCount: 0 };
  }
  const known = new Set(frozen.map(({ id }) => id));
  return { shown: frozen, bufferedCount: live.reduce((count, { id }) => (known.has(id) ? count : count + 1), 0) };
}
