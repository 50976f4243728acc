import { CircleX, Info, TriangleAlert } from 'lucide-react';
import type { Finding } from '#model/findings/finding.ts';

const LOOKS = {
  error: { icon: CircleX, look: 'border-bad/60 text-bad', word: 'error' },
  warning: { icon: TriangleAlert, look: 'border-warning/60 text-warning', word: 'warning' },
  notice: { icon: Info, look: 'border-line-strong text-text-2', word: 'notice' },
} as const;

/** How bad it is: shape, word and colour together. */
export function SeverityBadge({ severity }: { readonly severity: Finding['severity'] }) {
  const { icon: Icon, look, word } = LOOKS[severity];
  return (
    <span
      className={`inline-flex h-[22px] shrink-0 items-center gap-1 rounded-full border px-2 font-semibold text-[11px] ${look}`}
    >
      <Icon aria-hidden size={12} strokeWidth={2.4} />
      {word}
    </span>
  );
}
