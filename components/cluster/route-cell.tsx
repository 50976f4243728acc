'use client';

import { Check, CircleHelp, CircleX, History, House, TriangleAlert } from 'lucide-react';
import { Popover } from 'radix-ui';
import type { NodeTile } from '#model/topology/topology.ts';
import { formatClock } from '../timeline/format-clock.ts';
import { CopyButton } from '../ui/copy-button.tsx';

export type RouteClaim = NodeTile['routes'][number];

export const ROUTE_WORDS = {
  own: 'its own bridge',
  routed: 'routed',
  'default-only': 'default route only',
  missing: 'no route',
  unknown: 'unknown',
} as const;

const SENTENCES = {
  own: 'Its own pods: reached without leaving the node.',
  routed: 'The main table has a route to this podCIDR.',
  'default-only': 'Only the default route matches: the packet leaves the node, and who takes it there is not known.',
  missing: 'No route in the main table matches this podCIDR.',
  unknown: 'The kernel of this node was not read, so nothing can be said.',
} as const;

const LOOKS = {
  own: { icon: House, look: 'text-text-3' },
  routed: { icon: Check, look: 'text-route' },
  'default-only': { icon: TriangleAlert, look: 'text-warning' },
  missing: { icon: CircleX, look: 'text-bad' },
  unknown: { icon: CircleHelp, look: 'text-text-2 hatched' },
} as const;

type RouteCellProps = {
  readonly from: string;
  readonly route: RouteClaim;
  /** RFC 3339: the node's agent has been silent since then, and the claim is as old. */
  readonly oldSince: string | undefined;
  /** Without words where there are many columns. */
  readonly isCompact: boolean;
};

/** Whether one node can send to another's pods, and on request the record that says so. */
export function RouteCell({ from, route, oldSince, isCompact }: RouteCellProps) {
  const { icon, look: freshLook } = LOOKS[route.state];
  const Icon = oldSince === undefined ? icon : History;
  const look = oldSince === undefined ? freshLook : 'text-text-3 hatched';
  const age = oldSince === undefined ? '' : `, as it was at ${formatClock(oldSince).slice(0, 8)}`;
  const detail = route.record?.replace(/^\S+\s+/, '') ?? ROUTE_WORDS[route.state];
  return (
    <Popover.Root>
      <Popover.Trigger
        data-route={route.state}
        aria-label={`From ${from} to ${route.podCidr} on ${route.toNode}: ${ROUTE_WORDS[route.state]}${age}`}
        className={`flex h-9 w-full items-center gap-2 px-3 text-left hover:bg-raised data-[state=open]:bg-raised ${look} ${isCompact ? 'justify-center' : ''}`}
      >
        <Icon aria-hidden size={14} strokeWidth={2.2} className="shrink-0" />
        {!isCompact && (
          <span
            className={`truncate ${route.record === undefined ? 'text-xs' : 'font-mono text-[11.5px] text-text-2'} ${route.state === 'missing' && oldSince === undefined ? 'font-semibold' : ''}`}
          >
            {detail}
          </span>
        )}
      </Popover.Trigger>
      <Popover.Portal>
        <Popover.Content
          sideOffset={6}
          collisionPadding={12}
          className="z-50 w-[min(360px,calc(100vw-24px))] rounded-lg border border-line bg-panel p-3.5 shadow-pop"
        >
          <p className="font-semibold">
            {from} → <span className="font-mono">{route.podCidr}</span>
          </p>
          <p className="mt-0.5 text-text-2">{SENTENCES[route.state]}</p>
          {oldSince !== undefined && (
            <p className="mt-1 text-warning">
              The agent of {from} is silent: this is what it said{age.slice(1)}.
            </p>
          )}
          {route.record !== undefined && (
            <p className="mt-2 flex items-center gap-2 rounded-md border border-line bg-ground px-2.5 py-1 font-mono text-[11.5px]">
              <span className="min-w-0 flex-1 break-words">{route.record}</span>
              <CopyButton text={route.record} label="Copy the route" />
            </p>
          )}
        </Popover.Content>
      </Popover.Portal>
    </Popover.Root>
  );
}
