'use client';

import { select } from 'd3-selection';
import { type D3ZoomEvent, type ZoomBehavior, zoom, zoomIdentity, zoomTransform } from 'd3-zoom';
import { type KeyboardEvent, type RefObject, useCallback, useEffect, useRef } from 'react';
import { type Direction, findNextObject } from './find-next-object.ts';

export type PanZoomSize = {
  readonly viewWidth: number;
  readonly viewHeight: number;
  readonly drawingWidth: number;
  readonly drawingHeight: number;
};

type PanZoom = {
  readonly svgRef: RefObject<SVGSVGElement | null>;
  readonly paperRef: RefObject<SVGGElement | null>;
  readonly fitView: () => void;
  readonly zoomBy: (factor: number) => void;
  /** Moves the picture just so far that the element is in view. */
  readonly reveal: (element: Element) => void;
  readonly onKeyDown: (key: KeyboardEvent) => void;
};

const STEP_PX = 60;
const STEP_FACTOR = 1.25;
const SMALLEST_SCALE = 0.2;
/** The buttons in the lower right corner: the picture can be moved out from under them. */
const CONTROLS_PX = 40;
/** A first picture smaller than this cannot be read: it is panned instead. */
const READABLE_SCALE = 0.62;

const FACTORS: Readonly<Record<string, number>> = { '+': STEP_FACTOR, '=': STEP_FACTOR, '-': 1 / STEP_FACTOR };

type Arrow = { readonly direction: Direction; readonly shift: readonly [number, number] };

const ARROWS: Readonly<Record<string, Arrow>> = {
  ArrowLeft: { direction: 'left', shift: [STEP_PX, 0] },
  ArrowRight: { direction: 'right', shift: [-STEP_PX, 0] },
  ArrowUp: { direction: 'up', shift: [0, STEP_PX] },
  ArrowDown: { direction: 'down', shift: [0, -STEP_PX] },
};

/**
 * Pan and zoom of a drawing. The transform goes straight to the element: moving the picture renders nothing anew.
 * Drag and wheel pan, Ctrl + wheel and pinch zoom, + - 0 and arrows do the same from the keyboard. On an object the arrows
 * walk to the next one, along its wire or beside it.
 */
export function usePanZoom(size: PanZoomSize): PanZoom {
  const svgRef = useRef<SVGSVGElement>(null);
  const paperRef = useRef<SVGGElement>(null);
  const behavior = useRef<ZoomBehavior<SVGSVGElement, unknown>>(undefined);
  const { viewWidth, viewHeight, drawingWidth, drawingHeight } = size;

  useEffect(() => (svgRef.current === null ? undefined : startZoom(svgRef.current, paperRef, behavior)), []);

  useEffect(() => {
    const right = Math.max(drawingWidth, viewWidth);
    const bottom = drawingHeight > viewHeight ? drawingHeight + CONTROLS_PX : viewHeight;
    behavior.current
      ?.extent([
        [0, 0],
        [viewWidth, viewHeight],
      ])
      .translateExtent([
        [0, 0],
        [right, bottom],
      ]);
  }, [viewWidth, viewHeight, drawingWidth, drawingHeight]);

  useEffect(() => {
    const scale = Math.min(1, Math.max(READABLE_SCALE, viewWidth / drawingWidth));
    if (svgRef.current !== null && viewWidth > 0) {
      behavior.current?.transform(select(svgRef.current), zoomIdentity.scale(scale));
    }
  }, [viewWidth, drawingWidth]);

  const fitView = useCallback(() => {
    const scale = Math.min(1, viewWidth / drawingWidth, viewHeight / drawingHeight);
    if (svgRef.current !== null) {
      const x = Math.max(0, (viewWidth - drawingWidth * scale) / 2);
      behavior.current?.transform(select(svgRef.current), zoomIdentity.translate(x, 0).scale(scale));
    }
  }, [viewWidth, viewHeight, drawingWidth, drawingHeight]);

  const zoomBy = useCallback((factor: number) => {
    if (svgRef.current !== null) {
      behavior.current?.scaleBy(select(svgRef.current), factor);
    }
  }, []);

  const reveal = useCallback((element: Element) => {
    if (svgRef.current !== null && behavior.current !== undefined) {
      moveIntoView(svgRef.current, behavior.current, element);
    }
  }, []);

  const onKeyDown = (key: KeyboardEvent): void => {
    const arrow = ARROWS[key.key];
    const factor = FACTORS[key.key];
    if (arrow !== undefined && svgRef.current !== null) {
      key.preventDefault();
      if (!walkTo(svgRef.current, key.target, arrow.direction)) {
        behavior.current?.translateBy(select(svgRef.current), ...arrow.shift);
      }
    } else if (factor !== undefined) {
      zoomBy(factor);
    } else if (key.key === '0') {
      fitView();
    }
  };
  return { svgRef, paperRef, fitView, zoomBy, reveal, onKeyDown };
}

/** Focuses the object that lies in the direction of the focused one. False: no object has the focus. */
function walkTo(svg: SVGSVGElement, from: EventTarget, direction: Direction): boolean {
  const objects = [...svg.querySelectorAll<SVGGElement>('g[role="button"]')];
  const place = from instanceof SVGGElement ? objects.indexOf(from) : -1;
  const boxes = objects.map((object) => object.getBoundingClientRect());
  const start = boxes[place];
  if (start === undefined) {
    return false;
  }
  objects[findNextObject(boxes, start, direction) ?? place]?.focus();
  return true;
}

function moveIntoView(svg: SVGSVGElement, moves: ZoomBehavior<SVGSVGElement, unknown>, element: Element): void {
  const scale = zoomTransform(svg).k;
  const [x, y] = findShift(element.getBoundingClientRect(), svg.getBoundingClientRect());
  if (x !== 0 || y !== 0) {
    moves.translateBy(select(svg), x / scale, y / scale);
  }
}

const REVEAL_MARGIN_PX = 16;

/** How far a box has to move, in screen pixels, to lie in a view; the upper left corner wins where it is larger. */
function findShift(box: DOMRect, view: DOMRect): readonly [number, number] {
  const shift = ([from, to]: readonly [number, number], [low, high]: readonly [number, number]): number =>
    from < low ? low - from : to > high ? Math.max(high - to, low - from) : 0;
  const margin = REVEAL_MARGIN_PX;
  return [
    shift([box.left, box.right], [view.left + margin, view.right - margin]),
    shift([box.top, box.bottom], [view.top + margin, view.bottom - margin]),
  ];
}

type BehaviorRef = RefObject<ZoomBehavior<SVGSVGElement, unknown> | undefined>;

function startZoom(svg: SVGSVGElement, paperRef: RefObject<SVGGElement | null>, behavior: BehaviorRef): () => void {
  const moves = zoom<SVGSVGElement, unknown>()
    .scaleExtent([SMALLEST_SCALE, 3])
    .filter((event: MouseEvent) => (event.type !== 'wheel' || event.ctrlKey || event.metaKey) && event.button !== 2)
    .on('zoom', ({ transform }: D3ZoomEvent<SVGSVGElement, unknown>) =>
      paperRef.current?.setAttribute('transform', transform.toString()),
    );
  const paper = select<SVGSVGElement, unknown>(svg);
  paper.call(moves).on('dblclick.zoom', null);
  behavior.current = moves;
  const panByWheel = (event: WheelEvent): void => {
    if (!event.ctrlKey && !event.metaKey) {
      event.preventDefault();
      moves.translateBy(paper, -event.deltaX, -event.deltaY);
    }
  };
  svg.addEventListener('wheel', panByWheel, { passive: false });
  return () => {
    svg.removeEventListener('wheel', panByWheel);
    paper.on('.zoom', null);
    behavior.current = undefined;
  };
}
