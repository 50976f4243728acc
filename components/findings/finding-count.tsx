import { CircleX, Info, TriangleAlert } from 'lucide-react';
import Link from 'next/link';
import type { FindingCounts } from '#model/findings/node-finding.ts';
import { describeCounts, worstOf } from './describe-counts.ts';

const LOOKS = {
  error: { icon: CircleX, look: 'text-bad' },
  warning: { icon: TriangleAlert, look: 'text-warning' },
  notice: { icon: Info, look: 'text-text-2' },
} as const;

type FindingCountProps = {
  readonly counts: FindingCounts;
  readonly node: string;
  /** The number alone, for a column of them. */
  readonly isShort?: boolean;
};

/** What is wrong with one node, counted; leads to the words. Nothing where nothing is found. */
export function FindingCount({ counts, node, isShort = false }: FindingCountProps) {
  const worst = worstOf(counts);
  if (worst === undefined) {
    return null;
  }
  const { icon: Icon, look } = LOOKS[worst];
  const words = describeCounts(counts);
  return (
    <Link
      href={`/findings?node=${encodeURIComponent(node)}`}
      {...(isShort ? { title: words, 'aria-label': words } : {})}
      className={`inline-flex items-center gap-1.5 whitespace-nowrap font-semibold text-xs hover:underline ${look}`}
    >
      <Icon aria-hidden size={13} className="shrink-0" />
      {isShort ? counts.error + counts.warning + counts.notice : words}
    </Link>
  );
}
