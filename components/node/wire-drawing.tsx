'use client';

import { useContext } from 'react';
import { DrawingContext, useLight } from './drawing-context.ts';
import { fitText } from './fit-text.ts';
import type { Box, PlacedCard } from './layout-banks.ts';
import type { SceneCard } from './node-scene.ts';
import { Selectable } from './selectable.tsx';

type WireLook = { readonly stroke: string; readonly dash: string | undefined; readonly isBroken: boolean };

function chooseLook(card: SceneCard): WireLook {
  if (card.hostLink !== undefined || card.ifName !== undefined) {
    const isDown = card.hostLink?.isUp === false;
    const stroke = card.state === 'port' ? 'stroke-uplink' : isDown ? 'stroke-warning' : 'stroke-veth';
    return { stroke, dash: isDown || card.state === 'unknown' ? '5 4' : undefined, isBroken: false };
  }
  const isFailed = card.state === 'failing';
  return { stroke: isFailed ? 'stroke-bad' : 'stroke-text-3', dash: '3 4', isBroken: isFailed };
}

/** The wire ends at both edges of the port: a dimmed port shows no wire behind it. */
function drawAround(wire: NonNullable<PlacedCard['wire']>, port: Box): string {
  return `M${wire.x} ${wire.fromY}V${port.y}M${wire.x} ${port.y + port.height}V${wire.toY}`;
}

/** From the bar to the pod's interface: solid where the kernel has it, dashed where it has not. */
export function WireDrawing({ placed }: { readonly placed: PlacedCard }) {
  const { card, wire, port } = placed;
  const light = useLight(card.selection);
  const { onSelect, onHover } = useContext(DrawingContext);
  if (wire === undefined) {
    return null;
  }
  const look = chooseLook(card);
  const isLit = light === 'lit' || light === 'selected';
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: the card at its end is the button.
    <g
      onClick={() => onSelect(card.selection)}
      onPointerEnter={() => onHover(card.selection)}
      onPointerLeave={() => onHover(undefined)}
      data-testid={card.id === `pod:${card.pod}` ? `wire-${card.pod}` : undefined}
      data-state={look.dash === undefined ? 'solid' : look.isBroken ? 'failed' : 'dashed'}
      className={`cursor-pointer transition-opacity duration-200 ${light === 'dimmed' ? 'opacity-40' : ''}`}
    >
      <rect x={wire.x - 7} y={wire.fromY} width={14} height={wire.toY - wire.fromY} fill="transparent" />
      <path
        d={port === undefined ? `M${wire.x} ${wire.fromY}V${wire.toY}` : drawAround(wire, port)}
        strokeWidth={isLit ? 2.6 : 1.8}
        {...(look.dash === undefined ? {} : { strokeDasharray: look.dash })}
        className={isLit && !look.isBroken ? 'stroke-selection' : look.stroke}
      />
      {look.isBroken && (
        <g style={{ transform: `translate(${wire.x}px, ${wire.markY}px)` }}>
          <circle r={8} strokeWidth={1.6} className="fill-panel stroke-bad" />
          <path d="M-3-3L3 3M3-3L-3 3" strokeWidth={1.8} strokeLinecap="round" className="stroke-bad" />
        </g>
      )}
    </g>
  );
}

/** The host's end of a veth pair, a port of the bridge. */
export function HostVethDrawing({ placed }: { readonly placed: PlacedCard }) {
  const { card, port } = placed;
  const link = card.hostLink;
  const light = useLight(`link:${link?.key}`);
  if (link === undefined || port === undefined) {
    return null;
  }
  const isLit = light === 'lit' || light === 'selected';
  const index = `#${link.index}`;
  const label = `Host ${link.kind ?? 'device'} ${link.name}, ifindex ${link.index}, ${link.operState}, end of ${card.subtitle}/${card.title}`;
  const edge = isLit
    ? 'stroke-selection'
    : link.isUp
      ? card.state === 'port'
        ? 'stroke-uplink'
        : 'stroke-veth'
      : 'stroke-warning';
  return (
    <Selectable id={`link:${link.key}`} label={label} testId={`host-veth-${link.name}`}>
      <title>{label}</title>
      <rect
        {...port}
        rx={6}
        strokeWidth={isLit ? 2 : 1.4}
        {...(link.isUp ? {} : { strokeDasharray: '5 4' })}
        className={`fill-panel ${edge}`}
      />
      <text
        x={port.x + 7}
        y={port.y + 19}
        className={`fill-text font-mono text-[10.5px] ${isLit ? 'font-semibold' : ''}`}
      >
        {fitText(link.name, port.width - 16 - index.length * 6, 6.3)}
      </text>
      <text x={port.x + port.width - 6} y={port.y + 19} textAnchor="end" className="fill-text-3 font-mono text-[10px]">
        {index}
      </text>
    </Selectable>
  );
}

/** The pod's end, on the edge of its card. */
export function PodInterfaceDrawing({ placed }: { readonly placed: PlacedCard }) {
  const { card, tab } = placed;
  const light = useLight(card.selection);
  if (tab === undefined) {
    return null;
  }
  const isLit = light === 'lit' || light === 'selected';
  const edge = isLit ? 'stroke-selection' : card.state === 'unknown' ? 'stroke-text-3' : 'stroke-veth';
  return (
    <g className={`pointer-events-none transition-opacity duration-200 ${light === 'dimmed' ? 'opacity-40' : ''}`}>
      <rect {...tab} rx={6} strokeWidth={isLit ? 2 : 1.4} className={`fill-raised ${edge}`} />
      <text
        x={tab.x + tab.width / 2}
        y={tab.y + 17}
        textAnchor="middle"
        className="fill-text font-medium font-mono text-[12px]"
      >
        {fitText(card.ifName ?? '', tab.width - 8, 7.2)}
      </text>
    </g>
  );
}
