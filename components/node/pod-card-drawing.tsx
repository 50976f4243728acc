'use client';

import { useLight } from './drawing-context.ts';
import { fitText, fitTwoLines } from './fit-text.ts';
import type { PlacedCard } from './layout-banks.ts';
import type { SceneCard, Tone } from './node-scene.ts';
import { Selectable } from './selectable.tsx';

export const TONE_FILL: Record<Tone, string> = {
  good: 'fill-good',
  warning: 'fill-warning',
  bad: 'fill-bad',
  quiet: 'fill-text-3',
  unknown: 'fill-text-3',
};

function describeCard(card: SceneCard): string {
  const address = card.ip === undefined ? 'no address' : card.ip;
  const reason = card.reason === undefined ? '' : `, ${card.reason}`;
  const kind = card.state === 'port' ? 'Port' : 'Pod';
  const inferred = card.isInferred ? ', joined by address alone' : '';
  return `${kind} ${card.subtitle}/${card.title}, ${address}, ${card.status}${reason}${inferred}`;
}

/** A pod and what is known of its end of the wire. Unknown is hatched, failed is red and says so. */
export function PodCardDrawing({ placed }: { readonly placed: PlacedCard }) {
  const { card, box } = placed;
  const light = useLight(card.selection);
  const isLit = light === 'selected' || light === 'lit';
  const edge = isLit
    ? 'stroke-selection'
    : card.tone === 'bad'
      ? 'stroke-bad'
      : card.tone === 'warning'
        ? 'stroke-warning'
        : 'stroke-line';
  const isDashed = card.state === 'creating' || card.state === 'unknown' || card.state === 'terminating';
  return (
    <Selectable
      id={card.selection}
      label={describeCard(card)}
      testId={card.id === `pod:${card.pod}` ? `pod-card-${card.pod}` : undefined}
    >
      <title>{describeCard(card)}</title>
      <g
        className="transition-transform duration-200"
        style={{ transform: `translate(${box.x}px, ${box.y}px)` }}
        data-state={card.state}
      >
        <rect
          width={box.width}
          height={box.height}
          rx={9}
          strokeWidth={isLit ? 2 : 1.2}
          {...(isDashed ? { strokeDasharray: '4 4' } : {})}
          className={`fill-panel ${edge}`}
        />
        {card.state === 'unknown' && (
          <rect width={box.width} height={box.height} rx={9} fill="url(#hatch)" stroke="none" />
        )}
        <CardText card={card} width={box.width} />
      </g>
    </Selectable>
  );
}

function CardText({ card, width }: { readonly card: SceneCard; readonly width: number }) {
  const inner = width - 26;
  const subtitle = card.isInferred ? `${card.subtitle} · inferred` : card.subtitle;
  return (
    <g className="pointer-events-none">
      <text x={14} y={41} className="fill-text font-semibold text-[14px]">
        {fitText(card.title, inner, 7.9)}
      </text>
      <text x={14} y={59} className="fill-text-3 text-[11.5px]">
        {fitText(subtitle, inner, 6.2)}
      </text>
      {card.ip === undefined && card.reason !== undefined ? (
        <Reason reason={card.reason} width={inner + 4} />
      ) : (
        <>
          <text x={14} y={81} className="fill-text font-mono text-[12px]">
            {card.ip === undefined ? '–' : fitText(card.ip, inner + 8, 7.2)}
          </text>
          <text x={14} y={98} className="fill-text-3 font-mono text-[10.8px]">
            {card.mac ?? '–'}
          </text>
        </>
      )}
      <StatusMark tone={card.tone} />
      <text
        x={28}
        y={118}
        className={`text-[11.5px] ${card.tone === 'good' || card.tone === 'quiet' || card.tone === 'unknown' ? 'fill-text-2' : `${TONE_FILL[card.tone]} font-semibold`}`}
      >
        {fitText(card.status, inner - 2, 6.3)}
      </text>
    </g>
  );
}

/** In place of addresses that are not there: why they are not. */
function Reason({ reason, width }: { readonly reason: string; readonly width: number }) {
  const [first, second] = fitTwoLines(reason, width, 6.1);
  return (
    <text x={14} y={80} className="fill-text-2 text-[11px]">
      {first}
      <tspan x={14} dy={15}>
        {second}
      </tspan>
    </text>
  );
}

/** Colour and shape say the same: disc good, triangle warning, cross bad, ring otherwise. */
function StatusMark({ tone }: { readonly tone: Tone }) {
  if (tone === 'bad') {
    return <path d="M14.5 110.5l7 7m0-7l-7 7" strokeWidth={2} strokeLinecap="round" className="stroke-bad" />;
  }
  if (tone === 'warning') {
    return <path d="M18 109.6l4.4 8h-8.8z" className="fill-warning" />;
  }
  const look = tone === 'good' ? 'fill-good' : 'fill-none stroke-text-3';
  return <circle cx={18} cy={114} r={tone === 'good' ? 3.8 : 3.2} strokeWidth={1.4} className={look} />;
}
