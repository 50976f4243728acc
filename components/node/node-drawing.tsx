'use client';

import { Maximize, Minus, Plus } from 'lucide-react';
import { type ReactNode, useEffect, useMemo, useState } from 'react';
import type { NodeTopology } from '#model/topology/topology.ts';
import { Button } from '../ui/button.tsx';
import { DrawingContext } from './drawing-context.ts';
import { FactsDrawing } from './facts-drawing.tsx';
import { findRelated } from './find-related.ts';
import type { PlacedFold, PlacedStrip } from './layout-banks.ts';
import { layoutNode, type NodeLayout } from './layout-node.ts';
import type { NodeScene } from './node-scene.ts';
import { RootDrawing } from './root-drawing.tsx';
import { StripDrawing } from './strip-drawing.tsx';
import { usePanZoom } from './use-pan-zoom.ts';
import { useSize } from './use-size.ts';

type NodeDrawingProps = {
  readonly topology: NodeTopology;
  readonly scene: NodeScene;
  readonly selection: string | undefined;
  readonly onSelect: (id: string | undefined) => void;
};

/** The patch panel of one node. */
export function NodeDrawing({ topology, scene, selection, onSelect }: NodeDrawingProps) {
  const [ref, size] = useSize<HTMLDivElement>();
  const [hovered, setHovered] = useState<string>();
  const [openBanks, setOpenBanks] = useState<ReadonlySet<string>>(new Set());
  const layout = useMemo(
    () => layoutNode({ scene, widthPx: size.width, selection, openBanks }),
    [scene, size.width, selection, openBanks],
  );
  const subject = [hovered, selection].find((id) => id !== undefined && isDrawn(scene, id));
  const lit = useMemo(
    () => (subject === undefined ? undefined : findRelated(topology, scene, subject)),
    [topology, scene, subject],
  );
  const state = useMemo(
    () => ({
      lit,
      selection,
      onHover: setHovered,
      onSelect: (id: string) => onSelect(id === selection ? undefined : id),
    }),
    [lit, selection, onSelect],
  );
  const open = (bankId: string): void => setOpenBanks(new Set([...openBanks, bankId]));
  return (
    <div ref={ref} className="relative min-h-0 flex-1 overflow-hidden bg-ground">
      {size.width > 0 && (
        <DrawingContext value={state}>
          <Canvas layout={layout} selection={selection} viewWidth={size.width} viewHeight={size.height}>
            <RootDrawing layout={layout} rootId={scene.rootId} />
            <FactsDrawing layout={layout} />
            <Trunks strips={layout.banks.strips} />
            {layout.banks.strips.map((strip) => (
              <StripDrawing key={strip.id} strip={strip} />
            ))}
            {layout.banks.folds.map((fold) => (
              <FoldDrawing key={fold.bankId} fold={fold} onOpen={open} />
            ))}
          </Canvas>
        </DrawingContext>
      )}
    </div>
  );
}

/** What is not in the picture dims nothing: a pod that is gone, a link of a pod's namespace. */
function isDrawn(scene: NodeScene, id: string): boolean {
  const links = [...scene.uplinks, ...scene.otherLinks];
  return (
    scene.banks.some((bank) => id === `link:${bank.bridge?.key}`) ||
    scene.banks.some((bank) =>
      bank.cards.some((card) => id === card.selection || id === `link:${card.hostLink?.key}`),
    ) ||
    scene.routes.some((route) => id === `route:${route.key}`) ||
    links.some((link) => id === `link:${link.key}`)
  );
}

type CanvasProps = {
  readonly layout: NodeLayout;
  readonly selection: string | undefined;
  readonly viewWidth: number;
  readonly viewHeight: number;
  readonly children: ReactNode;
};

function Canvas({ layout, selection, viewWidth, viewHeight, children }: CanvasProps) {
  const moves = usePanZoom({
    viewWidth,
    viewHeight,
    drawingWidth: layout.widthPx,
    drawingHeight: layout.heightPx,
  });
  const { svgRef, reveal } = moves;
  // biome-ignore lint/correctness/useExhaustiveDependencies: what is newly selected, or newly laid out, is moved into view.
  useEffect(() => {
    const selected = svgRef.current?.querySelector('[aria-pressed="true"]');
    if (selected !== null && selected !== undefined) {
      reveal(selected);
    }
  }, [selection, viewWidth, viewHeight, svgRef, reveal]);
  return (
    <>
      {/* biome-ignore lint/a11y/useSemanticElements: SVG has no fieldset. */}
      <svg
        ref={moves.svgRef}
        role="group"
        aria-label="Wiring of the node. Arrow keys move the picture, and walk along the wires from an object; plus and minus zoom, zero fits the picture."
        // biome-ignore lint/a11y/noNoninteractiveTabindex: it is moved by the keyboard.
        tabIndex={0}
        onKeyDown={moves.onKeyDown}
        onFocus={(event) => event.target.matches('g:focus-visible') && moves.reveal(event.target)}
        className="size-full cursor-grab touch-none select-none active:cursor-grabbing focus-visible:-outline-offset-2"
      >
        <defs>
          <pattern id="hatch" width={6} height={6} patternUnits="userSpaceOnUse" patternTransform="rotate(45)">
            <path d="M0 0V6" strokeWidth={2.4} className="stroke-text-3/35" />
          </pattern>
        </defs>
        <g ref={moves.paperRef}>{children}</g>
      </svg>
      <div className="absolute right-3 bottom-3 flex gap-1 rounded-lg border border-line bg-panel p-0.5 shadow-pop">
        <Button aria-label="Zoom out" title="Zoom out (-)" onClick={() => moves.zoomBy(0.8)}>
          <Minus aria-hidden size={14} />
        </Button>
        <Button aria-label="Fit the picture" title="Fit the picture (0)" onClick={moves.fitView}>
          <Maximize aria-hidden size={14} />
        </Button>
        <Button aria-label="Zoom in" title="Zoom in (+)" onClick={() => moves.zoomBy(1.25)}>
          <Plus aria-hidden size={14} />
        </Button>
      </div>
    </>
  );
}

/** Joins the rows of one bridge along the spine of the namespace. */
function Trunks({ strips }: { readonly strips: readonly PlacedStrip[] }) {
  const middleY = (strip: PlacedStrip): number => strip.bar.y + strip.bar.height / 2;
  return (
    <g className="pointer-events-none">
      {strips.map((strip, place) => {
        const above = strips[place - 1];
        const isJoined = !strip.isFirst && strip.bank.bridge !== undefined && above?.bank.id === strip.bank.id;
        const x = strip.bar.x - 11;
        return isJoined ? (
          <path
            key={strip.id}
            d={`M${above.bar.x} ${middleY(above)}H${x}V${middleY(strip)}H${strip.bar.x}`}
            strokeWidth={1.8}
            fill="none"
            className="stroke-bridge"
          />
        ) : null;
      })}
    </g>
  );
}

type FoldDrawingProps = { readonly fold: PlacedFold; readonly onOpen: (bankId: string) => void };

function FoldDrawing({ fold, onOpen }: FoldDrawingProps) {
  const { box, count } = fold;
  return (
    // biome-ignore lint/a11y/useSemanticElements: SVG has no button.
    <g
      role="button"
      tabIndex={0}
      aria-label={`Show ${count} more healthy pods`}
      onClick={() => onOpen(fold.bankId)}
      onKeyDown={(key) => (key.key === 'Enter' || key.key === ' ') && onOpen(fold.bankId)}
      className="cursor-pointer"
    >
      <rect x={box.x + 6} y={box.y - 6} width={box.width - 12} height={20} rx={8} className="fill-panel stroke-line" />
      <rect {...box} rx={9} className="fill-raised stroke-line-strong" />
      <text
        x={box.x + box.width / 2}
        y={box.y + 62}
        textAnchor="middle"
        className="fill-text font-semibold text-[15px]"
      >
        +{count} healthy
      </text>
      <text x={box.x + box.width / 2} y={box.y + 84} textAnchor="middle" className="fill-text-3 text-[11.5px]">
        show all
      </text>
    </g>
  );
}
