'use client';

import type { ReactNode } from 'react';
import type { NetnsId } from '#model/kernel/kernel-snapshot.ts';
import { useLight } from './drawing-context.ts';
import { fitText } from './fit-text.ts';
import type { NodeLayout } from './layout-node.ts';
import { Selectable } from './selectable.tsx';

/** Width from which the inode fits between the heading and what is not drawn. */
const ROOM_FOR_INODE = 480;

type RootDrawingProps = { readonly layout: NodeLayout; readonly rootId: NetnsId | undefined };

/** The node's own network namespace: its outline, the links that leave it, and those that no pod hangs on. */
export function RootDrawing({ layout, rootId }: RootDrawingProps) {
  const isRead = rootId !== undefined;
  return (
    <g>
      <path
        d={layout.rootPath}
        strokeWidth={1.2}
        className={`fill-panel ${isRead ? 'stroke-line' : 'stroke-line-strong'}`}
        {...(isRead ? {} : { strokeDasharray: '6 5' })}
      />
      {!isRead && <path d={layout.rootPath} fill="url(#hatch)" />}
      <Heading x={layout.titleAt.x} y={layout.titleAt.y}>
        ROOT NETWORK NAMESPACE
        {(layout.rootBox.width > ROOM_FOR_INODE || !isRead) && (
          <tspan dx={10} className="fill-text-3 font-mono font-normal text-[11px] tracking-normal">
            {isRead ? `net:[${rootId}]` : 'not read'}
          </tspan>
        )}
      </Heading>
      <ForwardLine layout={layout} />
      {layout.uplinks.map((placed) => (
        <UplinkDrawing key={placed.uplink.key} placed={placed} />
      ))}
      <OtherLinks layout={layout} />
    </g>
  );
}

type HeadingProps = { readonly x: number; readonly y: number; readonly children: ReactNode };

export function Heading({ x, y, children }: HeadingProps) {
  return (
    <text x={x} y={y} className="fill-text-3 font-semibold text-[11px] tracking-[0.08em]">
      {children}
    </text>
  );
}

function ForwardLine({ layout }: { readonly layout: NodeLayout }) {
  const line = layout.forwardLine;
  if (line === undefined) {
    return null;
  }
  const forward = layout.facts.rows.find((row) => row.item.id === 'ip_forward')?.item;
  return (
    <g>
      <path d={`M${line.x} ${line.fromY}V${line.toY}`} strokeDasharray="4 4" className="stroke-line-strong" />
      <text x={line.x + 10} y={line.fromY + 20} className="fill-text-3 text-[11px]">
        {forward?.value === '0'
          ? 'not routed, ip_forward 0'
          : `routed, ip_forward ${forward?.value ?? forward?.unknown}`}
      </text>
    </g>
  );
}

function UplinkDrawing({ placed }: { readonly placed: NodeLayout['uplinks'][number] }) {
  const { uplink, box, stubX } = placed;
  const light = useLight(`link:${uplink.key}`);
  const isLit = light === 'lit' || light === 'selected';
  const edge = isLit ? 'stroke-selection' : uplink.isUp ? 'stroke-uplink' : 'stroke-warning';
  const address = uplink.addresses[0] ?? 'no address';
  const label = `Uplink ${uplink.name}, ${address}, ${uplink.operState}${uplink.isDefault ? ', default route' : ''}`;
  const isInside = stubX <= box.x + box.width;
  const middleY = box.y + box.height / 2;
  const stub = isInside ? `M${stubX} 6V${box.y}` : `M${stubX} 6V${middleY}H${box.x + box.width}`;
  return (
    <Selectable id={`link:${uplink.key}`} label={label} testId={`uplink-${uplink.name}`}>
      <title>{label}</title>
      <path d={stub} fill="none" strokeWidth={isLit ? 2.6 : 2} className={edge} />
      {isInside && (
        <text x={stubX + 10} y={18} className="fill-text-3 text-[11px]">
          LAN
        </text>
      )}
      <rect
        {...box}
        rx={7}
        strokeWidth={isLit ? 2 : 1.4}
        {...(uplink.isUp ? {} : { strokeDasharray: '5 4' })}
        className={`fill-panel ${edge}`}
      />
      <text x={box.x + 14} y={box.y + 20} className="fill-text font-medium font-mono text-[13px]">
        {fitText(uplink.name, 100, 7.8)}
      </text>
      <text x={box.x + box.width - 12} y={box.y + 20} textAnchor="end" className="fill-text-3 text-[11px]">
        {uplink.isUp ? 'uplink' : `uplink ${uplink.operState}`}
      </text>
      <text x={box.x + 14} y={box.y + 38} className="fill-text-2 font-mono text-[12px]">
        {fitText(address, box.width - 24, 7.2)}
      </text>
    </Selectable>
  );
}

/** Links that carry no pod and lead nowhere outside; what is left out is counted. */
function OtherLinks({ layout }: { readonly layout: NodeLayout }) {
  const { others, rootBox } = layout;
  const last = others.chips.at(-1)?.box;
  const hidden = others.hidden.map((link) => link.name).join(', ');
  return (
    <g>
      {others.hidden.length > 0 && (
        <text
          x={rootBox.x + rootBox.width - 16}
          y={layout.titleAt.y}
          textAnchor="end"
          className="fill-text-3 text-[11px]"
        >
          {others.hidden.length} not drawn: {hidden}
        </text>
      )}
      {others.chips.length > 0 && (
        <Heading x={others.x} y={others.y + 16}>
          OTHER LINKS
        </Heading>
      )}
      {others.chips.map((chip) => (
        <ChipDrawing key={chip.link.key} chip={chip} />
      ))}
      {others.leftOut > 0 && (
        <text
          x={(last?.x ?? others.x) + (last?.width ?? 96) + 12}
          y={others.y + 16}
          className="fill-text-3 text-[11px]"
        >
          +{others.leftOut} more in the table
        </text>
      )}
    </g>
  );
}

const CHIP_STROKE: Readonly<Record<string, string>> = {
  veth: 'stroke-veth',
  bridge: 'stroke-bridge',
  vxlan: 'stroke-route',
  macvlan: 'stroke-uplink',
};

function ChipDrawing({ chip }: { readonly chip: NodeLayout['others']['chips'][number] }) {
  const { link, box } = chip;
  const light = useLight(`link:${link.key}`);
  const isLit = light === 'lit' || light === 'selected';
  const edge = isLit ? 'stroke-selection' : (CHIP_STROKE[link.kind ?? ''] ?? 'stroke-line-strong');
  const label = `Link ${link.name}, ${link.kind ?? 'device'}, ${link.operState}, ${link.addresses[0] ?? 'no address'}`;
  return (
    <Selectable id={`link:${link.key}`} label={label}>
      <title>{label}</title>
      <rect
        {...box}
        rx={6}
        strokeWidth={isLit ? 2 : 1.2}
        {...(link.isUp ? {} : { strokeDasharray: '4 3' })}
        className={`fill-panel ${edge}`}
      />
      <text x={box.x + 10} y={box.y + 16} className="fill-text font-mono text-[11.5px]">
        {link.name}
        <tspan dx={8} className="fill-text-3">
          {link.kind ?? 'device'}
        </tspan>
      </text>
    </Selectable>
  );
}
