'use client';

import { Tabs as RadixTabs } from 'radix-ui';
import type { ReactNode } from 'react';

export type Tab = { readonly id: string; readonly label: ReactNode; readonly content: ReactNode };

type TabsProps = {
  readonly label: string;
  readonly tabs: readonly Tab[];
  /** Id of the tab that is open first; the first one otherwise. */
  readonly initial?: string | undefined;
  /** Where the choice is kept, if not in the tabs themselves. */
  readonly chosen?: { readonly id: string | undefined; readonly onChoose: (id: string) => void };
};

/** Named pages in one place. Arrow keys move between them. */
export function Tabs({ label, tabs, initial, chosen }: TabsProps) {
  const first = initial ?? tabs[0]?.id;
  return (
    <RadixTabs.Root
      {...(chosen === undefined ? {} : { value: chosen.id ?? first ?? '', onValueChange: chosen.onChoose })}
      {...(chosen !== undefined || first === undefined ? {} : { defaultValue: first })}
    >
      <RadixTabs.List aria-label={label} className="flex gap-5 overflow-x-auto border-b border-line">
        {tabs.map((tab) => (
          <RadixTabs.Trigger
            key={tab.id}
            value={tab.id}
            className="-mb-px shrink-0 border-b-2 border-transparent px-0.5 py-1.5 text-xs text-text-2 hover:text-text data-[state=active]:border-selection data-[state=active]:font-semibold data-[state=active]:text-text"
          >
            {tab.label}
          </RadixTabs.Trigger>
        ))}
      </RadixTabs.List>
      {tabs.map((tab) => (
        <RadixTabs.Content key={tab.id} value={tab.id} className="pt-2.5">
          {tab.content}
        </RadixTabs.Content>
      ))}
    </RadixTabs.Root>
  );
}
