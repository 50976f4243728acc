'use client';

import { ChartNoAxesGantt, LayoutGrid, ListChecks, type LucideIcon, Network } from 'lucide-react';
import Link from 'next/link';
import { usePathname } from 'next/navigation';
import { useEffect, useState } from 'react';
import type { FindingCounts } from '#model/findings/node-finding.ts';
import { describeCounts, sumCounts } from '../findings/describe-counts.ts';
import { useClusterTopology } from '../live/use-cluster-topology.ts';

type Place = {
  readonly href: string;
  readonly label: string;
  readonly icon: LucideIcon;
  readonly isHere: boolean;
  readonly counts?: FindingCounts;
};

/** The node this browser looked at last, so that the rail leads back to it. */
function useLastNode(path: string): string | undefined {
  const [last, setLast] = useState<string>();
  useEffect(() => {
    const match = /^\/nodes\/([^/]+)/.exec(path);
    if (match?.[1] !== undefined) {
      setLast(decodeURIComponent(match[1]));
    }
  }, [path]);
  return last;
}

/** Links to the places there are, the present one marked. */
export function Navigation() {
  const path = usePathname();
  const last = useLastNode(path);
  const tiles = useClusterTopology().value?.nodes ?? {};
  const nodes = Object.keys(tiles).toSorted();
  const counts = sumCounts(Object.values(tiles).map((tile) => tile.findings));
  const node = last !== undefined && nodes.includes(last) ? last : nodes[0];
  const places: readonly Place[] = [
    { href: '/', label: 'Cluster', icon: LayoutGrid, isHere: path === '/' },
    ...(node === undefined
      ? []
      : [
          {
            href: `/nodes/${encodeURIComponent(node)}`,
            label: 'Node',
            icon: Network,
            isHere: path.startsWith('/nodes/') || path.startsWith('/pods/'),
          },
        ]),
    { href: '/timeline', label: 'Timeline', icon: ChartNoAxesGantt, isHere: path === '/timeline' },
    { href: '/findings', label: 'Findings', icon: ListChecks, isHere: path === '/findings', counts },
  ];
  return (
    <nav aria-label="Views" className="flex flex-1 justify-around gap-1 px-1.5 py-1 md:flex-none md:flex-col">
      {places.map((place) => (
        <NavigationLink key={place.label} place={place} />
      ))}
    </nav>
  );
}

function NavigationLink({ place }: { readonly place: Place }) {
  const { href, label, icon: Icon, isHere, counts } = place;
  return (
    <Link
      href={href}
      aria-current={isHere ? 'page' : undefined}
      className={`flex h-[52px] w-[52px] flex-col items-center justify-center gap-1 rounded-lg text-[11px] transition-colors ${
        isHere ? 'bg-raised font-semibold text-text' : 'text-text-3 hover:bg-raised/60 hover:text-text'
      }`}
    >
      <span className="relative">
        <Icon aria-hidden size={19} strokeWidth={1.7} />
        {counts !== undefined && <CountBadge counts={counts} />}
      </span>
      {label}
    </Link>
  );
}

/** Errors and warnings; notices are for who looks. */
function CountBadge({ counts }: { readonly counts: FindingCounts }) {
  const count = counts.error + counts.warning;
  if (count === 0) {
    return null;
  }
  return (
    <span
      title={describeCounts(counts)}
      className={`absolute -top-2 left-3.5 min-w-4 rounded-full px-1 text-center font-semibold text-[10px] text-ground leading-4 ${
        counts.error > 0 ? 'bg-bad' : 'bg-warning'
      }`}
    >
      {count > 99 ? '99+' : count}
      <span className="sr-only"> {describeCounts(counts)}: </span>
    </span>
  );
}
