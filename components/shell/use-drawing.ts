'use client';

import { useCallback, useEffect } from 'react';
import { useUrlValue } from './use-url-value.ts';
import type { Drawing } from './view-switch.tsx';

/** Graph or table, kept in the address (`?as=table`) so that a link restores it. The key `g` switches. */
export function useDrawing(): readonly [Drawing, (drawing: Drawing) => void] {
  const [value, setValue] = useUrlValue('as');
  const drawing: Drawing = value === 'table' ? 'table' : 'graph';
  const setDrawing = useCallback((next: Drawing) => setValue(next === 'table' ? 'table' : undefined), [setValue]);
  useEffect(() => {
    const switchByKey = (key: KeyboardEvent): void => {
      const isTyping = key.target instanceof HTMLElement && key.target.matches('input, textarea, select');
      if (key.key === 'g' && !isTyping && !key.ctrlKey && !key.metaKey && !key.altKey) {
        setDrawing(drawing === 'table' ? 'graph' : 'table');
      }
    };
    window.addEventListener('keydown', switchByKey);
    return () => window.removeEventListener('keydown', switchByKey);
  }, [drawing, setDrawing]);
  return [drawing, setDrawing];
}
