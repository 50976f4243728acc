'use client';

import { ToggleGroup } from 'radix-ui';

export type Drawing = 'graph' | 'table';

type ViewSwitchProps = { readonly value: Drawing; readonly onChange: (value: Drawing) => void };

const WORDS = { graph: 'Graph', table: 'Table' } as const;

/** Switches between a drawing and the table that says the same. */
export function ViewSwitch({ value, onChange }: ViewSwitchProps) {
  return (
    <ToggleGroup.Root
      type="single"
      value={value}
      aria-label="Show as"
      onValueChange={(next) => (next === 'graph' || next === 'table') && onChange(next)}
      // Radix would send a style attribute, which the page's content policy ignores.
      style={{ outline: undefined }}
      className="flex rounded-md border border-line p-0.5 outline-none"
    >
      {(['graph', 'table'] as const).map((drawing) => (
        <ToggleGroup.Item
          key={drawing}
          value={drawing}
          className="h-6 rounded px-2.5 text-text-2 text-xs hover:text-text data-[state=on]:bg-raised data-[state=on]:font-semibold data-[state=on]:text-text"
        >
          {WORDS[drawing]}
        </ToggleGroup.Item>
      ))}
    </ToggleGroup.Root>
  );
}
