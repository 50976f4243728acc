'use client';

import { CircleCheck, CircleHelp, Filter, Lock } from 'lucide-react';
import { compareFindings, countFindings, type NodeFinding } from '#model/findings/node-finding.ts';
import type { NodeTile } from '#model/topology/topology.ts';
import { useClusterTopology } from '../live/use-cluster-topology.ts';
import { PageHeader } from '../shell/page-header.tsx';
import { StaleNotice } from '../shell/stale-notice.tsx';
import { useUrlValue } from '../shell/use-url-value.ts';
import { Button } from '../ui/button.tsx';
import { EmptyState } from '../ui/empty-state.tsx';
import { Skeleton } from '../ui/skeleton.tsx';
import { FindingFilters } from './finding-filters.tsx';
import { FindingList } from './finding-list.tsx';
import { useFindings } from './use-findings.ts';

/** Beyond this many nobody reads on: the rest is counted, and a filter narrows it. */
const SHOWN = 200;

/** What is wrong now, worst first. The filters are in the address: `?node=` and `?severity=`. */
export function FindingsView() {
  const state = useFindings();
  const [node, setNode] = useUrlValue('node');
  const [severity, setSeverity] = useUrlValue('severity');
  const cluster = useClusterTopology().value;
  const isShown = cluster?.cluster.cluster.omitted?.seesNodes !== false;
  const tiles = Object.values(cluster?.nodes ?? {});
  const all = Object.values(state.value?.findings ?? {}).toSorted(compareFindings);
  const wanted = all.filter(
    (finding) =>
      (node === undefined || finding.node === node) && (severity === undefined || finding.severity === severity),
  );
  const unheard = tiles.filter((tile) => tile.agent.state !== 'live' && (node === undefined || tile.name === node));
  const clear = (): void => {
    setNode(undefined);
    setSeverity(undefined);
  };
  return (
    <>
      <PageHeader
        title="Findings"
        isStale={state.status === 'stale'}
        facts={state.value === undefined || !isShown ? undefined : <FindingFilters counts={countFindings(all)} />}
      />
      <StaleNotice state={state} />
      <div
        data-status={state.status}
        className={`min-h-0 flex-1 overflow-y-auto px-4 py-5 md:px-6 ${state.status === 'stale' ? 'opacity-60 grayscale' : ''}`}
      >
        <div className="mx-auto max-w-4xl space-y-3">
          {node !== undefined && (
            <p className="flex items-center gap-2 text-text-2">
              <Filter aria-hidden size={13} />
              <span>
                Of <span className="font-semibold text-text">{node}</span> only
              </span>
              <Button look="outlined" onClick={() => setNode(undefined)}>
                Of all nodes
              </Button>
            </p>
          )}
          {unheard.length > 0 && <Unheard tiles={unheard} />}
          {state.value === undefined ? (
            <Waiting />
          ) : (
            <Found
              wanted={wanted}
              hasOthers={all.length > wanted.length}
              onClear={clear}
              isHeard={unheard.length === 0}
              isShown={isShown}
            />
          )}
        </div>
      </div>
    </>
  );
}

type FoundProps = {
  readonly wanted: readonly NodeFinding[];
  readonly hasOthers: boolean;
  readonly onClear: () => void;
  /** Every agent was heard: nothing found means that nothing is. */
  readonly isHeard: boolean;
  /** False: what is found of nodes may not be seen. */
  readonly isShown: boolean;
};

function Found({ wanted, hasOthers, onClear, isHeard, isShown }: FoundProps) {
  if (wanted.length > 0) {
    return (
      <>
        <FindingList findings={wanted.slice(0, SHOWN)} />
        {wanted.length > SHOWN && (
          <p className="text-text-2">and {wanted.length - SHOWN} more: choose a severity or a node to see them.</p>
        )}
      </>
    );
  }
  if (hasOthers) {
    return (
      <EmptyState icon={Filter} title="Nothing that fits the filter">
        <Button look="outlined" onClick={onClear}>
          Show all findings
        </Button>
      </EmptyState>
    );
  }
  if (!isShown) {
    return (
      <EmptyState icon={Lock} title="Findings are not shown">
        They are about nodes, and listing nodes takes a permission that you do not have.
      </EmptyState>
    );
  }
  return isHeard ? (
    <EmptyState icon={CircleCheck} title="Nothing is wrong">
      Every agent is heard, and none of them finds anything out of place. What one finds shows up here as it does.
    </EmptyState>
  ) : (
    <EmptyState icon={CircleHelp} title="Nothing is known to be wrong">
      The agents that are heard find nothing out of place. Of the others nothing is known.
    </EmptyState>
  );
}

/** A silent agent finds nothing: that is no good news. */
function Unheard({ tiles }: { readonly tiles: readonly NodeTile[] }) {
  const names = tiles.map(({ name }) => name).toSorted();
  const shown = names.slice(0, 5).join(', ');
  return (
    <p role="note" className="relative rounded-xl border border-line bg-panel py-2.5 pr-4 pl-6 text-text-2">
      <span aria-hidden className="hatched absolute inset-y-2 left-2 w-1.5 rounded-sm" />
      {names.length === 1 ? 'The agent' : `The agents`} of {shown}
      {names.length > 5 && ` and ${names.length - 5} more nodes`} {names.length === 1 ? 'is' : 'are'} not heard: what is
      wrong there now is not known.
    </p>
  );
}

function Waiting() {
  return (
    <output aria-label="Waiting for the collector" className="block space-y-3">
      <Skeleton className="h-28" />
      <Skeleton className="h-28" />
    </output>
  );
}
