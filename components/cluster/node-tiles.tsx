'use client';

import { type ReactNode, useState } from 'react';
import type { NodeTile } from '#model/topology/topology.ts';
import { Button } from '../ui/button.tsx';
import { needsAttention } from './describe-readiness.ts';
import { NodeTileCard } from './node-tile-card.tsx';

/** Up to here every node has its tile; of more, healthy ones fold into a count and the others never do. */
const UNFOLDED = 24;

type NodeTilesProps = {
  readonly tiles: readonly NodeTile[];
  readonly renderControls: (tile: NodeTile) => ReactNode;
};

/** Tiles in order of name; in a large cluster those that need attention come first. */
export function NodeTiles({ tiles, renderControls }: NodeTilesProps) {
  const [isUnfolded, setUnfolded] = useState(false);
  const isLarge = tiles.length > UNFOLDED;
  const attention = isLarge ? tiles.filter(needsAttention) : [];
  const others = isLarge ? tiles.filter((tile) => !needsAttention(tile)) : tiles;
  const shown = isLarge && !isUnfolded ? others.slice(0, Math.max(0, UNFOLDED - attention.length)) : others;
  const foldedCount = others.length - shown.length;
  return (
    <>
      <div className="grid grid-cols-[repeat(auto-fill,minmax(min(100%,340px),1fr))] gap-4">
        {[...attention, ...shown].map((tile) => (
          <NodeTileCard key={tile.name} tile={tile} controls={renderControls(tile)} />
        ))}
      </div>
      {foldedCount > 0 && (
        <Button look="outlined" className="mt-3" onClick={() => setUnfolded(true)}>
          +{foldedCount} healthy
        </Button>
      )}
    </>
  );
}
