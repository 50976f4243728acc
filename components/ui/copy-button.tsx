'use client';

import { Check, Copy } from 'lucide-react';
import { useEffect, useState } from 'react';

type CopyButtonProps = { readonly text: string; readonly label?: string; readonly className?: string };

const SAID_MS = 1600;

async function copyText(text: string): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    return copyBySelection(text);
  }
}

/** The clipboard interface needs https or localhost; a dashboard on a node's address has neither. */
function copyBySelection(text: string): boolean {
  const area = document.createElement('textarea');
  area.value = text;
  area.style.position = 'fixed';
  area.style.opacity = '0';
  document.body.append(area);
  area.select();
  const isCopied = document.execCommand('copy');
  area.remove();
  return isCopied;
}

/** Puts a text on the clipboard and says so. */
export function CopyButton({ text, label = 'Copy', className = '' }: CopyButtonProps) {
  const [said, setSaid] = useState<'copied' | 'refused'>();
  useEffect(() => {
    const timer = said === undefined ? undefined : setTimeout(() => setSaid(undefined), SAID_MS);
    return () => clearTimeout(timer);
  }, [said]);
  const name = said === 'copied' ? 'Copied' : said === 'refused' ? 'The browser refused to copy' : label;
  return (
    <button
      type="button"
      title={name}
      aria-label={name}
      onClick={() => void copyText(text).then((isCopied) => setSaid(isCopied ? 'copied' : 'refused'))}
      className={`inline-flex size-6 shrink-0 items-center justify-center rounded text-text-3 hover:bg-raised hover:text-text ${className}`}
    >
      {said === 'copied' ? <Check aria-hidden size={13} className="text-good" /> : <Copy aria-hidden size={13} />}
      <span role="status" className="sr-only">
        {said === undefined ? '' : name}
      </span>
    </button>
  );
}
