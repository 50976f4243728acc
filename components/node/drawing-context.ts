import { createContext, useContext } from 'react';

export type DrawingState = {
  /** Ids that belong to what is pointed at or selected; absent: nothing is, all is bright. */
  readonly lit: ReadonlySet<string> | undefined;
  readonly selection: string | undefined;
  readonly onSelect: (id: string) => void;
  readonly onHover: (id: string | undefined) => void;
};

export const DrawingContext = createContext<DrawingState>({
  lit: undefined,
  selection: undefined,
  onSelect: () => undefined,
  onHover: () => undefined,
});

export type Light = 'plain' | 'dimmed' | 'lit' | 'selected';

/** How bright an object is drawn. */
export function useLight(id: string): Light {
  const { lit, selection } = useContext(DrawingContext);
  if (id === selection) {
    return 'selected';
  }
  return lit === undefined ? 'plain' : lit.has(id) ? 'lit' : 'dimmed';
}
