'use client';

import { useCallback, useEffect, useState } from 'react';
import { z } from 'zod';
import { LabBody, type LabPodRequest } from '#model/protocol/rest.ts';
import type { Result } from '#model/result.ts';
import { fetchJson } from '../live/fetch-json.ts';

export type Lab = {
  /** Absent: no lab runs here, or it is not known yet. */
  readonly lab: LabBody | undefined;
  readonly createPod: (request: LabPodRequest) => Promise<Result<unknown, string>>;
  readonly deletePod: (namespace: string, name: string) => Promise<Result<unknown, string>>;
};

/** The lab, where one runs: pods may be made and deleted in it, nowhere else. */
export function useLab(): Lab {
  const [lab, setLab] = useState<LabBody>();
  useEffect(() => {
    const abort = new AbortController();
    void fetchJson('/api/v1/lab', LabBody, { signal: abort.signal }).then((result) => {
      if (result.ok && !abort.signal.aborted) {
        setLab(result.value);
      }
    });
    return () => abort.abort();
  }, []);
  const createPod = useCallback(
    (request: LabPodRequest) =>
      fetchJson('/api/v1/lab/pods', z.unknown(), {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(request),
      }),
    [],
  );
  const deletePod = useCallback(
    (namespace: string, name: string) =>
      fetchJson(`/api/v1/lab/pods/${encodeURIComponent(namespace)}/${encodeURIComponent(name)}`, z.unknown(), {
        method: 'DELETE',
      }),
    [],
  );
  return { lab, createPod, deletePod };
}
