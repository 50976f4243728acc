'use client';

import { type RefCallback, useCallback, useRef, useState } from 'react';

/** Width of an element in CSS pixels as it is laid out, and the ref to hang on it. Zero before it is. */
export function useElementWidth(): readonly [RefCallback<HTMLElement>, number] {
  const [widthPx, setWidthPx] = useState(0);
  const observer = useRef<ResizeObserver>(undefined);
  const ref = useCallback((element: HTMLElement | null) => {
    observer.current?.disconnect();
    if (element !== null) {
      setWidthPx(element.clientWidth);
      observer.current = new ResizeObserver(() => setWidthPx(element.clientWidth));
      observer.current.observe(element);
    }
  }, []);
  return [ref, widthPx];
}
