'use client';

import { type KeyboardEvent, type ReactNode, useContext } from 'react';
import { DrawingContext, useLight } from './drawing-context.ts';

type SelectableProps = {
  /** What is selected, as in the URL. */
  readonly id: string;
  readonly label: string;
  readonly testId?: string | undefined;
  readonly children: ReactNode;
};

/** An object of the drawing that can be pointed at, focused and selected. Dimmed while another one is. */
export function Selectable({ id, label, testId, children }: SelectableProps) {
  const { onSelect, onHover, selection } = useContext(DrawingContext);
  const light = useLight(id);
  const press = (key: KeyboardEvent): void => {
    if (key.key === 'Enter' || key.key === ' ') {
      key.preventDefault();
      onSelect(id);
    }
  };
  return (
    // biome-ignore lint/a11y/useSemanticElements: SVG has no button.
    <g
      role="button"
      tabIndex={0}
      aria-label={label}
      aria-pressed={id === selection}
      data-testid={testId}
      data-light={light}
      onClick={() => onSelect(id)}
      onKeyDown={press}
      onPointerEnter={() => onHover(id)}
      onPointerLeave={() => onHover(undefined)}
      onFocus={() => onHover(id)}
      onBlur={() => onHover(undefined)}
      className={`cursor-pointer transition-opacity duration-200 ${light === 'dimmed' ? 'opacity-40' : ''}`}
    >
      {children}
    </g>
  );
}
