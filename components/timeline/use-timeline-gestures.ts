'use client';

import { select } from 'd3-selection';
import { type D3ZoomEvent, type ZoomTransform, zoom, zoomIdentity } from 'd3-zoom';
import { type RefObject, useEffect, useRef } from 'react';
import type { WindowControl } from './use-timeline-window.ts';

type Gestures = Pick<WindowControl, 'zoom' | 'pan'>;
type ZoomableElement = SVGSVGElement & { __zoom?: ZoomTransform };

/** d3's own measure of a wheel step, taken over so that a pinch on a touchpad feels the same as everywhere. */
function measureWheel(event: WheelEvent): number {
  return -event.deltaY * (event.deltaMode === 1 ? 0.05 : event.deltaMode === 2 ? 1 : 0.002) * (event.ctrlKey ? 10 : 1);
}

/**
 * Wheel, drag, pinch and double click on the plot, told as steps of zoom and pan. d3-zoom reads the gesture; only what
 * changed since its last event counts, because the window moves by itself while it follows the present.
 */
export function useTimelineGestures(plot: RefObject<SVGSVGElement | null>, gestures: Gestures): void {
  const latest = useRef(gestures);
  latest.current = gestures;
  useEffect(() => {
    const element: ZoomableElement | null = plot.current;
    if (element === null) {
      return;
    }
    let last: ZoomTransform = zoomIdentity;
    const behaviour = zoom<SVGSVGElement, unknown>()
      .wheelDelta(measureWheel)
      .filter((event: MouseEvent) => !event.button && !(event.type === 'wheel' && event.shiftKey))
      .on('zoom', ({ transform }: D3ZoomEvent<SVGSVGElement, unknown>) => {
        const widthPx = element.clientWidth || 1;
        const factor = transform.k / last.k;
        if (Math.abs(factor - 1) < 1e-9) {
          latest.current.pan((last.x - transform.x) / widthPx);
        } else {
          // The point that the step leaves in place: x = k·p + t before and after.
          const fixedPx = (transform.x - last.x * factor) / (1 - factor);
          latest.current.zoom(factor, Math.min(1, Math.max(0, fixedPx / widthPx)));
        }
        last = transform;
      })
      .on('end', () => {
        element.__zoom = zoomIdentity;
        last = zoomIdentity;
      });
    const panByWheel = (event: WheelEvent): void => {
      if (event.shiftKey) {
        event.preventDefault();
        latest.current.pan((event.deltaX + event.deltaY) / (element.clientWidth || 1));
      }
    };
    select(element).call(behaviour);
    element.addEventListener('wheel', panByWheel, { passive: false });
    return () => {
      select(element).on('.zoom', null);
      element.removeEventListener('wheel', panByWheel);
    };
  }, [plot]);
}
