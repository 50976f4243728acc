'use client';

import { ToggleGroup } from 'radix-ui';
import type { FindingCounts } from '#model/findings/node-finding.ts';
import { useUrlValue } from '../shell/use-url-value.ts';

const WORDS = { error: ['error', 'errors'], warning: ['warning', 'warnings'], notice: ['notice', 'notices'] } as const;

/** How many of each severity; a press shows these only, another one all again. */
export function FindingFilters({ counts }: { readonly counts: FindingCounts }) {
  const [severity, setSeverity] = useUrlValue('severity');
  return (
    <ToggleGroup.Root
      type="single"
      aria-label="Show one severity"
      value={severity ?? ''}
      onValueChange={(next) => setSeverity(next === '' ? undefined : next)}
      className="flex gap-1.5"
    >
      {(['error', 'warning', 'notice'] as const).map((each) => (
        <ToggleGroup.Item
          key={each}
          value={each}
          className="h-7 rounded-md border border-line px-2.5 text-text-2 text-xs hover:border-line-strong hover:text-text data-[state=on]:bg-raised data-[state=on]:font-semibold data-[state=on]:text-text"
        >
          {counts[each]} {WORDS[each][counts[each] === 1 ? 0 : 1]}
        </ToggleGroup.Item>
      ))}
    </ToggleGroup.Root>
  );
}
