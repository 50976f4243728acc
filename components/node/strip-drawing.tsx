'use client';

import { useLight } from './drawing-context.ts';
import { fitText } from './fit-text.ts';
import type { PlacedStrip } from './layout-banks.ts';
import type { SceneBridge, ScenePool } from './node-scene.ts';
import { PodCardDrawing } from './pod-card-drawing.tsx';
import { Selectable } from './selectable.tsx';
import { HostVethDrawing, PodInterfaceDrawing, WireDrawing } from './wire-drawing.tsx';

/** One row: the bar, the wires from it, the ports on them, the pods at their ends. */
export function StripDrawing({ strip }: { readonly strip: PlacedStrip }) {
  const { cards } = strip;
  return (
    <g>
      {cards.map((placed) => (
        <WireDrawing key={placed.card.id} placed={placed} />
      ))}
      <BarDrawing strip={strip} />
      {cards.map((placed) => (
        <HostVethDrawing key={placed.card.id} placed={placed} />
      ))}
      {cards.map((placed) => (
        <g key={placed.card.id} className="transition-opacity duration-200 starting:opacity-0">
          <PodCardDrawing placed={placed} />
          <PodInterfaceDrawing placed={placed} />
        </g>
      ))}
    </g>
  );
}

function BarDrawing({ strip }: { readonly strip: PlacedStrip }) {
  const { bank, bar, isFirst } = strip;
  if (bank.bridge !== undefined) {
    return isFirst ? (
      <BridgeDrawing bridge={bank.bridge} strip={strip} />
    ) : (
      <BridgeAgainDrawing bridge={bank.bridge} strip={strip} />
    );
  }
  if (strip.rootBottomY === undefined) {
    return isFirst ? (
      <text x={bar.x} y={bar.y + 16} className="fill-text-3 font-semibold text-[11px] tracking-wide">
        {bank.label}
      </text>
    ) : null;
  }
  const isEmpty = bank.id === 'no-bridge';
  return (
    <g data-testid={isEmpty ? 'no-bridge' : undefined}>
      <rect {...bar} rx={8} strokeDasharray="6 5" strokeWidth={1.4} className="fill-none stroke-line-strong" />
      <text
        x={bar.x + 16}
        y={bar.y + bar.height / 2 + 4}
        className={`text-[12.5px] ${isEmpty ? 'fill-text-2' : 'fill-text-3'}`}
      >
        {isFirst ? bank.label : `${bank.label}, continued`}
      </text>
    </g>
  );
}

function describeBridge(bridge: SceneBridge): string {
  const ports = `${bridge.portCount} ${bridge.portCount === 1 ? 'port' : 'ports'}${bridge.hasHiddenPorts ? ' shown' : ''}`;
  return ['bridge', bridge.mac, `mtu ${bridge.mtuBytes}`, ports, bridge.isUp ? undefined : bridge.operState]
    .filter((part) => part !== undefined)
    .join(' · ');
}

type BridgeProps = { readonly bridge: SceneBridge; readonly strip: PlacedStrip };

function BridgeDrawing({ bridge, strip }: BridgeProps) {
  const { bar } = strip;
  const light = useLight(`link:${bridge.key}`);
  const isLit = light === 'lit' || light === 'selected';
  const address = bridge.addresses[0] ?? bridge.addressNote;
  const factsX = bar.x + 16 + (bridge.name.length + address.length) * 8.4 + 52;
  const roomPx = bar.x + bar.width - 210 - factsX;
  const label = `Bridge ${bridge.name}, ${address}, ${describeBridge(bridge)}`;
  return (
    <Selectable id={`link:${bridge.key}`} label={label} testId={`bridge-${bridge.name}`}>
      <title>{label}</title>
      <rect {...bar} rx={8} className="fill-ground" />
      <rect
        {...bar}
        rx={8}
        strokeWidth={isLit ? 2.4 : 1.8}
        className={`fill-bridge/12 ${light === 'selected' ? 'stroke-selection' : 'stroke-bridge'}`}
      />
      <text x={bar.x + 16} y={bar.y + 25} className="fill-bridge font-mono font-semibold text-[14px]">
        {bridge.name}
      </text>
      <text x={bar.x + 16 + bridge.name.length * 8.4 + 16} y={bar.y + 25} className="fill-text font-mono text-[13px]">
        {address}
      </text>
      {roomPx > 130 && (
        <text x={factsX} y={bar.y + 25} className="fill-text-2 text-[12px]">
          {fitText(describeBridge(bridge), roomPx, 6.4)}
        </text>
      )}
      <PoolDrawing pool={bridge.pool} rightX={bar.x + bar.width - 16} y={bar.y} isShort={bar.width < 460} />
    </Selectable>
  );
}

type PoolProps = {
  readonly pool: ScenePool | undefined;
  readonly rightX: number;
  readonly y: number;
  /** Without the words, where the bar is short. */
  readonly isShort: boolean;
};

const POOL_WIDTH = 148;
const SHORT_POOL_WIDTH = 56;

/** Use of the address pool: the line is as long as the pool is full. */
function PoolDrawing({ pool, rightX, y, isShort }: PoolProps) {
  if (pool === undefined) {
    return null;
  }
  const share = pool.capacity === 0 ? 1 : Math.min(1, pool.used / pool.capacity);
  const tone = share >= 1 ? 'stroke-bad' : share > 0.9 ? 'stroke-warning' : 'stroke-bridge';
  const width = isShort ? SHORT_POOL_WIDTH : POOL_WIDTH;
  const leftX = rightX - width;
  return (
    <g data-testid="address-pool">
      <title>{`${pool.prefix}: ${pool.used} of ${pool.capacity} addresses used`}</title>
      <text x={rightX} y={y + 22} textAnchor="end" className="fill-text-2 text-[12px]">
        {pool.used} of {pool.capacity}
        {isShort ? '' : ' addresses used'}
      </text>
      <path d={`M${leftX} ${y + 31}H${rightX}`} strokeWidth={3} strokeLinecap="round" className="stroke-line-strong" />
      <path
        d={`M${leftX} ${y + 31}H${leftX + Math.max(2, width * share)}`}
        strokeWidth={3}
        strokeLinecap="round"
        className={tone}
      />
    </g>
  );
}

/** The same bridge in a further row. */
function BridgeAgainDrawing({ bridge, strip }: BridgeProps) {
  const { bar } = strip;
  const light = useLight(`link:${bridge.key}`);
  return (
    <g className={`pointer-events-none transition-opacity duration-200 ${light === 'dimmed' ? 'opacity-40' : ''}`}>
      <rect {...bar} rx={7} className="fill-ground" />
      <rect {...bar} rx={7} strokeWidth={1.6} className="fill-bridge/12 stroke-bridge" />
      <text x={bar.x + 14} y={bar.y + 16} className="fill-bridge font-mono font-semibold text-[12px]">
        {bridge.name}
        <tspan className="fill-text-3 font-normal" dx={10}>
          continued
        </tspan>
      </text>
    </g>
  );
}
