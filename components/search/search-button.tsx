'use client';

import { Search } from 'lucide-react';
import { useEffect, useState } from 'react';
import { SearchDialog } from './search-dialog.tsx';

/** Opens the search; so do `/` and Ctrl-K anywhere on the page. */
export function SearchButton() {
  const [isOpen, setOpen] = useState(false);
  useEffect(() => {
    const openByKey = (key: KeyboardEvent): void => {
      const isTyping = key.target instanceof HTMLElement && key.target.matches('input, textarea, select');
      const isSlash = key.key === '/' && !isTyping && !key.ctrlKey && !key.metaKey && !key.altKey;
      if (isSlash || (key.key === 'k' && (key.ctrlKey || key.metaKey))) {
        key.preventDefault();
        setOpen(true);
      }
    };
    window.addEventListener('keydown', openByKey);
    return () => window.removeEventListener('keydown', openByKey);
  }, []);
  return (
    <>
      <button
        type="button"
        title="Search (/ or Ctrl-K)"
        onClick={() => setOpen(true)}
        className="flex h-7 items-center gap-2 rounded-md border border-line bg-ground px-2 text-text-3 text-xs hover:border-line-strong hover:text-text xl:w-52"
      >
        <Search aria-hidden size={13} className="shrink-0" />
        <span className="sr-only whitespace-nowrap xl:not-sr-only">Pod, IP, MAC, veth, id</span>
        <kbd aria-hidden className="ml-auto hidden rounded border border-line px-1.5 font-mono text-[11px] xl:inline">
          /
        </kbd>
      </button>
      <SearchDialog open={isOpen} onOpenChange={setOpen} />
    </>
  );
}
