'use client';

import { Moon, Sun } from 'lucide-react';
import { useSyncExternalStore } from 'react';

type Theme = 'dark' | 'light';

function readTheme(): Theme {
  return document.documentElement.dataset.theme === 'light' ? 'light' : 'dark';
}

function followTheme(onChange: () => void): () => void {
  const observer = new MutationObserver(onChange);
  observer.observe(document.documentElement, { attributes: true, attributeFilter: ['data-theme'] });
  const media = matchMedia('(prefers-color-scheme: light)');
  const followSystem = (): void => {
    if (localStorage.getItem('podwire-theme') === null) {
      document.documentElement.dataset.theme = media.matches ? 'light' : 'dark';
    }
  };
  media.addEventListener('change', followSystem);
  return () => {
    observer.disconnect();
    media.removeEventListener('change', followSystem);
  };
}

function chooseTheme(theme: Theme): void {
  document.documentElement.dataset.theme = theme;
  try {
    localStorage.setItem('podwire-theme', theme);
  } catch {
    // Storage may be forbidden; the choice then lasts as long as the page.
  }
}

/** Switches between light and dark; the choice stays in this browser. */
export function ThemeToggle() {
  const theme = useSyncExternalStore<Theme>(followTheme, readTheme, () => 'dark');
  const other = theme === 'dark' ? 'light' : 'dark';
  return (
    <button
      type="button"
      onClick={() => chooseTheme(other)}
      title={`Switch to ${other} theme`}
      aria-label={`Switch to ${other} theme`}
      className="flex size-9 items-center justify-center rounded-md text-text-3 transition-colors hover:bg-raised hover:text-text"
    >
      {theme === 'dark' ? <Sun aria-hidden size={17} /> : <Moon aria-hidden size={17} />}
    </button>
  );
}
