'use client';

import { useCallback, useSyncExternalStore } from 'react';

const CHANGED = 'podwire:address';

function followAddress(onChange: () => void): () => void {
  window.addEventListener('popstate', onChange);
  window.addEventListener(CHANGED, onChange);
  return () => {
    window.removeEventListener('popstate', onChange);
    window.removeEventListener(CHANGED, onChange);
  };
}

/**
 * Goes to another address of the dashboard. On the page that is open only the query changes, which is told to whoever
 * reads it; `push` leads to other pages.
 */
export function openAddress(href: string, push: (href: string) => void): void {
  if (new URL(href, window.location.href).pathname !== window.location.pathname) {
    push(href);
    return;
  }
  window.history.pushState(null, '', href);
  window.dispatchEvent(new Event(CHANGED));
}

/**
 * One value of the address's query, and its setter. The address is replaced in place: choosing something makes no entry in
 * the history and asks the server for nothing.
 */
export function useUrlValue(name: string): readonly [string | undefined, (value: string | undefined) => void] {
  const value = useSyncExternalStore(
    followAddress,
    () => new URLSearchParams(window.location.search).get(name) ?? undefined,
    () => undefined,
  );
  const setValue = useCallback(
    (next: string | undefined) => {
      const url = new URL(window.location.href);
      if (next === undefined) {
        url.searchParams.delete(name);
      } else {
        url.searchParams.set(name, next);
      }
      window.history.replaceState(window.history.state, '', url);
      window.dispatchEvent(new Event(CHANGED));
    },
    [name],
  );
  return [value, setValue];
}
