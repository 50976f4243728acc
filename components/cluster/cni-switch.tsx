'use client';

import { useState } from 'react';
import type { LabBody } from '#model/protocol/rest.ts';
import { Button } from '../ui/button.tsx';
import { setLabCni } from './lab-client.ts';

type CniSwitchProps = { readonly node: LabBody['nodes'][number]; readonly onDone: () => void };

/** Installs the plugin on a lab node, or takes its configuration away; says what libcni finds there now. */
export function CniSwitch({ node, onDone }: CniSwitchProps) {
  const [isBusy, setBusy] = useState(false);
  const [problem, setProblem] = useState<string>();
  const change = async (): Promise<void> => {
    setBusy(true);
    const answer = await setLabCni(node.name, !node.isConfigured);
    setBusy(false);
    setProblem(answer.ok ? undefined : answer.error);
    onDone();
  };
  return (
    <>
      <span className="min-w-0 truncate font-mono text-[11px] text-text-3" title={node.configurationFiles.join(', ')}>
        {node.configurationFiles[0] ?? 'no CNI configuration'}
      </span>
      <Button
        look="outlined"
        disabled={isBusy}
        onClick={() => void change()}
        aria-label={`${node.isConfigured ? 'Remove' : 'Install'} CNI on ${node.name}`}
      >
        {node.isConfigured ? 'Remove CNI' : 'Install CNI'}
      </Button>
      {problem !== undefined && (
        <p role="alert" className="basis-full text-bad">
          {problem}
        </p>
      )}
    </>
  );
}
