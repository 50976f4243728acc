import type { Drift } from '#model/agent/drift.ts';
import { formatClock } from './format-clock.ts';
import { placeInstant } from './layout-timeline.ts';
import { parseInstant } from './parse-instant.ts';
import type { TimeWindow } from './time-window.ts';

const HEIGHT_PX = 18;
const RADIUS_PX = 4.5;

type DriftStripProps = {
  readonly drifts: readonly Drift[];
  readonly window: TimeWindow;
  readonly widthPx: number;
};

/** When the agent found something of the pod network out of place: hollow where it mended it, filled where it could not. */
export function DriftStrip({ drifts, window, widthPx }: DriftStripProps) {
  const placed = drifts
    .map((drift) => ({ drift, atUs: parseInstant(drift.time) }))
    .filter(({ atUs }) => atUs >= window.startUs && atUs <= window.endUs);
  if (placed.length === 0) {
    return null;
  }
  const failed = placed.filter(({ drift }) => drift.outcome === 'failed').length;
  return (
    <div className="flex shrink-0 border-line border-b" style={{ height: HEIGHT_PX }}>
      <div className="w-[104px] shrink-0 text-[11px] text-text-3 leading-[17px] sm:w-[190px]">drift</div>
      <svg
        role="img"
        aria-label={`${placed.length} found out of place in this window, ${failed} of them not repaired`}
        width={widthPx}
        height={HEIGHT_PX}
        className="block min-w-0 flex-1"
      >
        {placed.map(({ drift, atUs }) => (
          <DriftMark key={drift.id} drift={drift} xPx={placeInstant(atUs, window, widthPx)} />
        ))}
      </svg>
    </div>
  );
}

function DriftMark({ drift, xPx }: { readonly drift: Drift; readonly xPx: number }) {
  const { kind, object, found, outcome, time } = drift;
  const isMended = outcome === 'repaired';
  return (
    <path
      data-drift-mark={outcome}
      d={`M0 ${-RADIUS_PX}L${RADIUS_PX} 0L0 ${RADIUS_PX}L${-RADIUS_PX} 0Z`}
      transform={`translate(${xPx}, ${HEIGHT_PX / 2})`}
      fill={isMended ? 'var(--panel)' : 'var(--bad)'}
      stroke={isMended ? 'var(--text-3)' : 'var(--bad)'}
      strokeWidth={1.5}
    >
      <title>{`${formatClock(time)} ${kind} ${object}: ${found}, ${outcome}`}</title>
    </path>
  );
}
