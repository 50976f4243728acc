'use client';

import { ChartNoAxesGantt, LayoutGrid, type LucideIcon, Network } from 'lucide-react';
import Link from 'next/link';
import { usePathname } from 'next/navigation';
import { useEffect, useState } from 'react';
import { useClusterTopology } from '../live/use-cluster-topology.ts';

type Place = { readonly href: string; readonly label: string; readonly icon: LucideIcon; readonly isHere: boolean };

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
  const nodes = Object.keys(useClusterTopology().value?.nodes ?? {}).toSorted();
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
  const { href, label, icon: Icon, isHere } = place;
  return (
    <Link
      href={href}
      aria-current={isHere ? 'page' : undefined}
      className={`flex h-[52px] w-[52px] flex-col items-center justify-center gap-1 rounded-lg text-[11px] transition-colors ${
        isHere ? 'bg-raised font-semibold text-text' : 'text-text-3 hover:bg-raised/60 hover:text-text'
      }`}
    >
      <Icon aria-hidden size={19} strokeWidth={1.7} />
      {label}
    </Link>
  );
}
