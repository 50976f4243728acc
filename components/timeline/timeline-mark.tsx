import type { InvocationSummary } from '#model/topology/topology.ts';
import { describeInvocation } from './describe-invocation.ts';
import { LANE_HEIGHT_PX, type Mark } from './layout-timeline.ts';

const BAR_HEIGHT_PX = 14;
const CROSS_PX = 4.5;
/** A finger's width around a mark that is five pixels wide. */
const REACH_PX = 5;

type TimelineMarkProps = {
  readonly mark: Mark;
  readonly isSelected: boolean;
  /** On which side there is room to say how many the mark stands for. */
  readonly countAt: 'left' | 'right' | undefined;
  readonly onSelect: (invocation: InvocationSummary) => void;
};

function describeMark({ invocations }: Mark): string {
  const lines = invocations.slice(0, 6).map(describeInvocation);
  const rest = invocations.length - lines.length;
  const head =
    invocations.length > 1 ? [`${invocations.length} invocations on these pixels; zoom in to part them`] : [];
  return [...head, ...lines, ...(rest > 0 ? [`and ${rest} more`] : [])].join('\n');
}

/** The one that a click means: a failure before a success, the newest before the others. */
function chooseInvocation({ invocations }: Mark): InvocationSummary | undefined {
  return invocations.findLast(({ outcome }) => outcome === 'error') ?? invocations.at(-1);
}

/** One mark: its shape tells the verb, its colour the outcome, a number how many it stands for. */
export function TimelineMark({ mark, isSelected, countAt, onSelect }: TimelineMarkProps) {
  const invocation = chooseInvocation(mark);
  const select = (): void => {
    if (invocation !== undefined) {
      onSelect(invocation);
    }
  };
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: arrow keys on the plot walk from mark to mark; the table has buttons.
    <g
      data-verb={mark.verb}
      data-outcome={mark.outcome}
      data-event={invocation?.id}
      transform={`translate(${mark.xPx}, ${LANE_HEIGHT_PX / 2})`}
      onClick={select}
      className="group cursor-pointer"
    >
      <title>{describeMark(mark)}</title>
      <rect
        x={-REACH_PX}
        y={-LANE_HEIGHT_PX / 2}
        width={mark.widthPx + 2 * REACH_PX}
        height={LANE_HEIGHT_PX}
        fill="transparent"
      />
      <MarkShape mark={mark} isSelected={isSelected} />
      {countAt !== undefined && (
        <text
          x={countAt === 'left' ? -5 : mark.widthPx + 5}
          y={3.5}
          textAnchor={countAt === 'left' ? 'end' : 'start'}
          className="fill-text-2 font-mono text-[10px]"
        >
          ×{mark.invocations.length}
        </text>
      )}
    </g>
  );
}

function MarkShape({ mark, isSelected }: { readonly mark: Mark; readonly isSelected: boolean }) {
  const { widthPx, verb, outcome } = mark;
  const colour = isSelected ? 'var(--selection)' : outcome === 'error' ? 'var(--bad)' : 'var(--veth)';
  const half = BAR_HEIGHT_PX / 2;
  if (outcome === 'error' && widthPx < 3 * CROSS_PX) {
    const c = CROSS_PX;
    const x = widthPx / 2;
    return (
      <path
        d={`M${x - c} ${-c}L${x + c} ${c}M${x + c} ${-c}L${x - c} ${c}`}
        stroke={isSelected ? 'var(--selection)' : 'var(--bad)'}
        strokeWidth={2.2}
        strokeLinecap="round"
        className="transition-[stroke-width] group-hover:[stroke-width:3.2]"
      />
    );
  }
  if (verb === 'DEL') {
    return (
      <rect
        x={0.8}
        y={-half + 0.8}
        width={Math.max(3.4, widthPx - 1.6)}
        height={BAR_HEIGHT_PX - 1.6}
        rx={1}
        fill="var(--ground)"
        stroke={colour}
        strokeWidth={1.6}
        className="group-hover:[stroke-width:2.4]"
      />
    );
  }
  if (verb === 'CHECK' && widthPx < 8) {
    return <circle cx={widthPx / 2} r={3.2} fill="var(--ground)" stroke={colour} strokeWidth={1.8} />;
  }
  return (
    <rect y={-half} width={widthPx} height={BAR_HEIGHT_PX} rx={1.5} fill={colour} className="group-hover:opacity-80" />
  );
}
