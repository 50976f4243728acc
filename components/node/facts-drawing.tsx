'use client';

import { useLight } from './drawing-context.ts';
import { fitText } from './fit-text.ts';
import type { NodeLayout, PlacedRow } from './layout-node.ts';
import type { SceneFact, SceneRoute } from './node-scene.ts';
import { Heading } from './root-drawing.tsx';
import { Selectable } from './selectable.tsx';

/** What the root namespace decides with: the main routing table, netfilter, the sysctls that steer. */
export function FactsDrawing({ layout }: { readonly layout: NodeLayout }) {
  const { routes, facts } = layout;
  return (
    <g>
      <Heading x={routes.x} y={routes.y}>
        ROUTES
        <tspan dx={10} className="fill-text-3 font-mono font-normal text-[11px] tracking-normal">
          main, IPv4
        </tspan>
      </Heading>
      {routes.rows.length === 0 && (
        <text x={routes.x} y={routes.y + 24} className="fill-text-3 text-[12px]">
          {routes.note}
        </text>
      )}
      {routes.rows.map((row) => (
        <RouteRow key={row.item.key} row={row} x={routes.x} width={routes.width} />
      ))}
      {routes.leftOut > 0 && (
        <text x={routes.x} y={routes.y + 24 + routes.rows.length * 20} className="fill-text-3 text-[11.5px]">
          +{routes.leftOut} more routes in the table
        </text>
      )}
      <Heading x={facts.x} y={facts.y}>
        NETFILTER
      </Heading>
      {facts.rows.map((row) => (
        <FactRow key={row.item.id} row={row} x={facts.x} width={facts.width} />
      ))}
    </g>
  );
}

type RowProps<T> = { readonly row: PlacedRow<T>; readonly x: number; readonly width: number };

const DESTINATION_WIDTH = 124;
/** Narrower, the path of the route needs all there is; the protocol is in the label and in the table. */
const ROOM_FOR_PROTOCOL = 380;
const PROTOCOL_WIDTH = 62;

function RouteRow({ row, x, width }: RowProps<SceneRoute>) {
  const route = row.item;
  const light = useLight(`route:${route.key}`);
  const isLit = light === 'lit' || light === 'selected';
  const label = `Route ${route.destination} ${route.path}, ${route.protocol}`;
  const hasProtocol = width >= ROOM_FOR_PROTOCOL;
  const pathWidth = width - DESTINATION_WIDTH - (hasProtocol ? PROTOCOL_WIDTH : 0);
  return (
    <Selectable id={`route:${route.key}`} label={label}>
      <title>{label}</title>
      <rect
        x={x - 8}
        y={row.y}
        width={width + 16}
        height={20}
        rx={3}
        className={isLit ? 'fill-raised' : 'fill-transparent hover:fill-raised'}
      />
      <text
        x={x}
        y={row.y + 14}
        className={`font-mono text-[12px] ${isLit ? 'fill-route font-semibold' : 'fill-text font-medium'}`}
      >
        {fitText(route.destination, DESTINATION_WIDTH - 6, 7.2)}
      </text>
      <text x={x + DESTINATION_WIDTH} y={row.y + 14} className="fill-text-2 font-mono text-[12px]">
        {fitText(route.path, pathWidth, 7.2)}
      </text>
      {hasProtocol && (
        <text x={x + width} y={row.y + 14} textAnchor="end" className="fill-text-3 text-[11px]">
          {route.protocol}
        </text>
      )}
    </Selectable>
  );
}

function FactRow({ row, x, width }: RowProps<SceneFact>) {
  const { label, value, unknown, tone, why } = row.item;
  const right = x + width;
  return (
    <g data-testid={`fact-${row.item.id}`}>
      <title>{why}</title>
      <text x={x} y={row.y + 14} className="fill-text-2 text-[12px]">
        {label}
      </text>
      {value === undefined ? (
        <>
          <rect x={right - 62} y={row.y + 2} width={62} height={16} rx={3} fill="url(#hatch)" />
          <text x={right - 6} y={row.y + 14} textAnchor="end" className="fill-text-2 text-[11px]">
            {unknown}
          </text>
        </>
      ) : (
        <text
          x={right}
          y={row.y + 14}
          textAnchor="end"
          className={`font-mono text-[12px] ${tone === 'warning' ? 'fill-warning font-semibold' : 'fill-text font-medium'}`}
        >
          {value}
        </text>
      )}
    </g>
  );
}
