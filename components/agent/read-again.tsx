'use client';

import { RotateCw } from 'lucide-react';
import { useState } from 'react';
import { CommandResult } from '#model/protocol/agent-command.ts';
import { fetchJson } from '../live/fetch-json.ts';
import { formatClock } from '../timeline/format-clock.ts';
import { Button } from '../ui/button.tsx';

type Outcome = { readonly isGood: boolean; readonly text: string };

/** Asks the agent to read the whole kernel now, and says what came of it. */
async function readAgain(node: string): Promise<Outcome> {
  const answer = await fetchJson(`/api/v1/nodes/${encodeURIComponent(node)}/commands`, CommandResult, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ type: 'snapshot' }),
  });
  if (!answer.ok) {
    return { isGood: false, text: answer.error };
  }
  const { outcome, detail } = answer.value;
  return outcome === 'answered'
    ? { isGood: true, text: `Read whole at ${formatClock(new Date().toISOString()).slice(0, 8)}.` }
    : { isGood: false, text: detail ?? 'The agent tried in vain.' };
}

/** A button that has the node's kernel read whole, with progress and outcome. */
export function ReadAgain({ node }: { readonly node: string }) {
  const [isBusy, setBusy] = useState(false);
  const [outcome, setOutcome] = useState<Outcome>();
  const ask = async (): Promise<void> => {
    setBusy(true);
    setOutcome(undefined);
    setOutcome(await readAgain(node));
    setBusy(false);
  };
  return (
    <div className="flex flex-wrap items-center gap-x-3 gap-y-1.5">
      <Button look="outlined" disabled={isBusy} onClick={() => void ask()}>
        <RotateCw aria-hidden size={13} className={isBusy ? 'animate-spin' : ''} />
        Read again now
      </Button>
      <p role="status" className={`min-w-0 text-xs ${outcome?.isGood === false ? 'text-bad' : 'text-text-2'}`}>
        {isBusy ? 'The agent reads the whole kernel…' : outcome?.text}
      </p>
    </div>
  );
}
