import { EyeOff } from 'lucide-react';
import type { ClusterTopology } from '#model/topology/topology.ts';

/** What the API server does not let Podwire see: counts and pictures below are without it. */
export function BlindSpots({ topology }: { readonly topology: ClusterTopology | undefined }) {
  const blindSpots = topology?.cluster.cluster?.blindSpots ?? [];
  if (blindSpots.length === 0) {
    return null;
  }
  return (
    <section
      aria-label="Not seen"
      className="flex shrink-0 items-start gap-2 border-line border-b bg-panel px-4 py-1.5 text-text-2 md:px-6"
    >
      <span aria-hidden className="hatched -ml-2 w-1.5 shrink-0 self-stretch rounded-sm" />
      <EyeOff aria-hidden size={14} className="mt-0.5 shrink-0 text-warning" />
      <div className="min-w-0">
        <p className="font-semibold text-text">Podwire is not allowed to see all of this cluster.</p>
        <ul>
          {blindSpots.map((blindSpot) => (
            <li key={blindSpot} className="break-words">
              {blindSpot}
            </li>
          ))}
        </ul>
      </div>
    </section>
  );
}
