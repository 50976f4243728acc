'use client';

import { useEffect, useState } from 'react';
import { PodsBody } from '#model/protocol/rest.ts';
import type { TopologyPod } from '#model/topology/topology.ts';
import { fetchJson } from '../live/fetch-json.ts';

export type FoundPods = {
  /** What was asked for; what is typed may be ahead of it. */
  readonly text: string;
  readonly pods: readonly TopologyPod[];
  readonly total: number;
  readonly problem?: string;
};

const TYPING_MS = 120;
const SHOWN_PODS = 12;
const NOTHING: FoundPods = { text: '', pods: [], total: 0 };

/** Asks the collector for the pods that a text fits, when typing pauses. The last text asked for wins. */
export function useFoundPods(text: string): FoundPods {
  const [found, setFound] = useState(NOTHING);
  const wanted = text.trim();
  useEffect(() => {
    if (wanted === '') {
      setFound(NOTHING);
      return;
    }
    const abort = new AbortController();
    const path = `/api/v1/pods?limit=${SHOWN_PODS}&q=${encodeURIComponent(wanted)}`;
    const timer = setTimeout(() => {
      void fetchJson(path, PodsBody, { signal: abort.signal }).then((answer) => {
        if (!abort.signal.aborted) {
          const none = { text: wanted, pods: [], total: 0 };
          setFound(answer.ok ? { text: wanted, ...answer.value } : { ...none, problem: answer.error });
        }
      });
    }, TYPING_MS);
    return () => {
      clearTimeout(timer);
      abort.abort();
    };
  }, [wanted]);
  return found;
}
