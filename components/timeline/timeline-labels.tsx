import Link from 'next/link';
import { GROUP_HEIGHT_PX, type GroupRow, LANE_HEIGHT_PX, type LaneRow } from './layout-timeline.ts';

type TimelineLabelsProps = {
  readonly rows: readonly (LaneRow | GroupRow)[];
  readonly heightPx: number;
  readonly selectedPod?: string | undefined;
};

/** Names of the lanes, each a link to its pod; they scroll with the lanes and not with time. */
export function TimelineLabels({ rows, heightPx, selectedPod }: TimelineLabelsProps) {
  return (
    <div className="relative w-[104px] shrink-0 text-xs sm:w-[190px]" style={{ height: heightPx }}>
      {rows.map((row) =>
        row.kind === 'group' ? (
          <Link
            key={row.node}
            href={`/nodes/${encodeURIComponent(row.node)}`}
            className="absolute inset-x-0 flex items-center gap-2 border-line border-b font-semibold hover:text-veth"
            style={{ top: row.yPx, height: GROUP_HEIGHT_PX }}
          >
            <span className="truncate">{row.node}</span>
            <span className="ml-auto hidden whitespace-nowrap pr-3 font-normal text-text-3 sm:inline">
              {row.laneCount} {row.laneCount === 1 ? 'pod' : 'pods'}
            </span>
          </Link>
        ) : (
          <div
            key={row.lane.key}
            className="absolute inset-x-0 flex items-center pr-3"
            style={{ top: row.yPx, height: LANE_HEIGHT_PX }}
          >
            <LaneLabel row={row} isSelected={selectedPod !== undefined && row.lane.pod === selectedPod} />
          </div>
        ),
      )}
    </div>
  );
}

function LaneLabel({ row, isSelected }: { readonly row: LaneRow; readonly isSelected: boolean }) {
  const { pod, label } = row.lane;
  const look = `truncate ${isSelected ? 'font-semibold text-text' : 'text-text-2'}`;
  if (pod === undefined) {
    return (
      <span title="No pod is named for this container" className={`${look} font-mono`}>
        {label}
      </span>
    );
  }
  const href = `/pods/${pod.split('/').map(encodeURIComponent).join('/')}`;
  return (
    <Link href={href} title={pod} className={`${look} hover:text-veth`}>
      {label}
    </Link>
  );
}
