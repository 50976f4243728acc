import type { ReactNode } from 'react';
import type { JsonValue } from '#model/json.ts';
import { CopyButton } from './copy-button.tsx';

type JsonViewProps = {
  /** Anything that JSON can carry; `undefined` shows `empty`. */
  readonly value: unknown;
  readonly label: string;
  readonly empty?: ReactNode;
};

const TOKEN = /("(?:\\.|[^"\\])*")(\s*:)?|(-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?)|(true|false|null)/g;
/** Beyond this nobody reads colours, and each token is an element. */
const COLOURED_CHARACTERS = 60_000;

function colourJson(text: string): ReactNode {
  if (text.length > COLOURED_CHARACTERS) {
    return text;
  }
  const parts: ReactNode[] = [];
  let from = 0;
  for (const match of text.matchAll(TOKEN)) {
    const [whole, quoted, colon = ''] = match;
    parts.push(text.slice(from, match.index));
    const look = quoted === undefined ? 'text-bridge' : colon === '' ? 'text-route' : 'text-text-2';
    parts.push(
      <span key={match.index} className={look}>
        {quoted ?? whole}
      </span>,
      colon,
    );
    from = match.index + whole.length;
  }
  parts.push(text.slice(from));
  return parts;
}

/** JSON as it is, indented, with a button that copies it. */
export function JsonView({ value, label, empty }: JsonViewProps) {
  if (value === undefined) {
    return <p className="py-1 text-text-3">{empty ?? 'Nothing.'}</p>;
  }
  const text = typeof value === 'string' ? value : JSON.stringify(value as JsonValue, null, 2);
  return (
    <div className="relative">
      <section
        // biome-ignore lint/a11y/noNoninteractiveTabindex: a scrolling box has to be reachable by keyboard.
        tabIndex={0}
        aria-label={label}
        className="max-h-96 overflow-auto rounded-md border border-line bg-ground"
      >
        <pre className="w-max min-w-full p-3 pr-9 font-mono text-[11.5px] leading-[1.55]">{colourJson(text)}</pre>
      </section>
      <CopyButton text={text} label={`Copy ${label}`} className="absolute top-1.5 right-1.5 bg-ground" />
    </div>
  );
}
