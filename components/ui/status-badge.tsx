import { CircleCheck, CircleHelp, CircleX, TriangleAlert } from 'lucide-react';
import type { ReactNode } from 'react';

/** `unknown` is what we cannot tell: hatched grey, never green. `bad` is for what is confirmed. */
export type Status = 'good' | 'warning' | 'bad' | 'unknown';

type StatusBadgeProps = { readonly status: Status; readonly title?: string | undefined; readonly children: ReactNode };

const LOOKS = {
  good: 'border-good/60 text-good',
  warning: 'border-warning/60 text-warning',
  bad: 'border-bad/60 text-bad',
  unknown: 'border-line-strong text-text-2 hatched',
} as const;

const ICONS = { good: CircleCheck, warning: TriangleAlert, bad: CircleX, unknown: CircleHelp } as const;

/** A state as shape, word and colour together: readable without any one of them. */
export function StatusBadge({ status, title, children }: StatusBadgeProps) {
  const Icon = ICONS[status];
  return (
    <span
      title={title}
      className={`inline-flex h-[22px] max-w-full items-center gap-1 rounded-full border px-2 text-[11px] font-semibold ${LOOKS[status]}`}
    >
      <Icon aria-hidden size={12} strokeWidth={2.4} className="shrink-0" />
      <span className="truncate">{children}</span>
    </span>
  );
}
