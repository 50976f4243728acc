'use client';

import { Box, Server } from 'lucide-react';
import { useRouter } from 'next/navigation';
import { type KeyboardEvent, useState } from 'react';
import { useClusterTopology } from '../live/use-cluster-topology.ts';
import { openAddress } from '../shell/use-url-value.ts';
import { Dialog } from '../ui/dialog.tsx';
import { listPlaces, type Place } from './list-places.ts';
import { useFoundPods } from './use-found-pods.ts';

type SearchDialogProps = { readonly open: boolean; readonly onOpenChange: (open: boolean) => void };

/** Whatever a person has in hand, a name, an address or an id, leads to its place. */
export function SearchDialog({ open, onOpenChange }: SearchDialogProps) {
  return (
    <Dialog
      open={open}
      onOpenChange={onOpenChange}
      title="Search"
      description="A node or a pod by name, IP, MAC, host veth or container id"
    >
      <SearchForm onDone={() => onOpenChange(false)} />
    </Dialog>
  );
}

const LIST_ID = 'search-places';

function SearchForm({ onDone }: { readonly onDone: () => void }) {
  const router = useRouter();
  const [text, setText] = useState('');
  const [chosen, setChosen] = useState(0);
  const found = useFoundPods(text);
  const nodes = Object.values(useClusterTopology().value?.nodes ?? {}).toSorted((a, b) => (a.name < b.name ? -1 : 1));
  const places = listPlaces(text, nodes.slice(0, 5000), found.pods).slice(0, 20);
  const place = Math.min(chosen, places.length - 1);
  const open = (target: Place | undefined): void => {
    if (target !== undefined) {
      onDone();
      openAddress(target.href, (href) => router.push(href));
    }
  };
  const onKeyDown = (key: KeyboardEvent): void => {
    const step = key.key === 'ArrowDown' ? 1 : key.key === 'ArrowUp' ? -1 : 0;
    if (step !== 0 && places.length > 0) {
      key.preventDefault();
      setChosen((place + step + places.length) % places.length);
    } else if (key.key === 'Enter') {
      key.preventDefault();
      open(places[place]);
    }
  };
  return (
    <div className="space-y-3">
      <input
        role="combobox"
        aria-label="Search"
        aria-expanded={places.length > 0}
        aria-controls={LIST_ID}
        {...(place >= 0 ? { 'aria-activedescendant': `${LIST_ID}-${place}` } : {})}
        value={text}
        onChange={(event) => {
          setText(event.target.value);
          setChosen(0);
        }}
        onKeyDown={onKeyDown}
        placeholder="Pod, IP, MAC, veth, container id"
        autoComplete="off"
        spellCheck={false}
        className="block h-9 w-full rounded-md border border-line-strong bg-ground px-3 font-mono text-[13px] placeholder:font-sans placeholder:text-text-3"
      />
      <PlaceList places={places} chosen={place} onOpen={open} />
      <SearchState text={text.trim()} found={found} count={places.length} />
    </div>
  );
}

const keepInView = (option: HTMLElement | null): void => option?.scrollIntoView({ block: 'nearest' });

type PlaceListProps = {
  readonly places: readonly Place[];
  readonly chosen: number;
  readonly onOpen: (place: Place) => void;
};

function PlaceList({ places, chosen, onOpen }: PlaceListProps) {
  return (
    <div id={LIST_ID} role="listbox" aria-label="Places" className="max-h-72 overflow-y-auto empty:hidden">
      {places.map((place, index) => {
        const Icon = place.kind === 'node' ? Server : Box;
        return (
          // biome-ignore lint/a11y/useKeyWithClickEvents: the field above takes the keys and keeps the focus.
          // biome-ignore lint/a11y/useFocusableInteractive: the field above keeps the focus.
          <div
            key={place.href}
            id={`${LIST_ID}-${index}`}
            ref={index === chosen ? keepInView : undefined}
            role="option"
            aria-selected={index === chosen}
            onClick={() => onOpen(place)}
            className={`flex h-8 cursor-pointer items-center gap-2.5 rounded-md px-2.5 hover:bg-raised ${index === chosen ? 'bg-raised' : ''}`}
          >
            <Icon aria-hidden size={14} className="shrink-0 text-text-3" />
            <span className="max-w-[75%] shrink-0 truncate font-semibold">{place.name}</span>
            <span className="ml-auto min-w-0 truncate font-mono text-[11.5px] text-text-2">{place.detail}</span>
          </div>
        );
      })}
    </div>
  );
}

type SearchStateProps = {
  readonly text: string;
  readonly found: ReturnType<typeof useFoundPods>;
  readonly count: number;
};

/** What the list does not say: that it is being asked for, that there is nothing, or more than is shown. */
function SearchState({ text, found, count }: SearchStateProps) {
  const left = found.total - found.pods.length;
  const words =
    found.problem ??
    (text !== found.text
      ? 'Asking the collector…'
      : count === 0 && text !== ''
        ? 'No node or pod has this name, address or id now.'
        : left > 0
          ? `and ${left} more pods; type on to narrow them`
          : '↑ ↓ choose, Enter opens, Esc closes');
  return (
    <p role="status" className={found.problem === undefined ? 'text-text-3 text-xs' : 'text-warning text-xs'}>
      {words}
    </p>
  );
}
