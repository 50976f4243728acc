'use client';

import { useCallback, useEffect, useState } from 'react';
import type { LabBody } from '#model/protocol/rest.ts';
import { readLab } from './lab-client.ts';

type Lab = { readonly lab: LabBody | undefined; readonly refresh: () => void };

/**
 * The embedded lab, `undefined` where there is none or it does not answer yet.
 * @param version anything that changes when the lab may have: it is then read again
 */
export function useLab(version: string): Lab {
  const [lab, setLab] = useState<LabBody>();
  const [turn, setTurn] = useState(0);
  // biome-ignore lint/correctness/useExhaustiveDependencies: `version` and `turn` say when to read again.
  useEffect(() => {
    let isCurrent = true;
    void readLab().then((answer) => {
      if (isCurrent) {
        setLab(answer.ok ? answer.value : undefined);
      }
    });
    return () => {
      isCurrent = false;
    };
  }, [version, turn]);
  return { lab, refresh: useCallback(() => setTurn((before) => before + 1), []) };
}
