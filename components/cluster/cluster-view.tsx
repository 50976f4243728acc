'use client';

import { Server, Unplug } from 'lucide-react';
import { useRouter } from 'next/navigation';
import type { ReactNode } from 'react';
import type { LabBody } from '#model/protocol/rest.ts';
import type { ClusterTopology, NodeTile } from '#model/topology/topology.ts';
import { NothingToSee } from '../access/nothing-to-see.tsx';
import { OmissionNotes } from '../access/omission-notes.tsx';
import { useClusterTopology } from '../live/use-cluster-topology.ts';
import { useInvocations } from '../live/use-invocations.ts';
import { CreatePod } from '../pod/create-pod.tsx';
import { PageHeader } from '../shell/page-header.tsx';
import { StaleNotice } from '../shell/stale-notice.tsx';
import { useDrawing } from '../shell/use-drawing.ts';
import { ViewSwitch } from '../shell/view-switch.tsx';
import { Timeline } from '../timeline/timeline.tsx';
import { EmptyState } from '../ui/empty-state.tsx';
import { Skeleton } from '../ui/skeleton.tsx';
import { BlindSpots } from './blind-spots.tsx';
import { ClusterFacts } from './cluster-facts.tsx';
import { ClusterTable } from './cluster-table.tsx';
import { CniSwitch } from './cni-switch.tsx';
import { NodeTiles } from './node-tiles.tsx';
import { RouteMatrix } from './route-matrix.tsx';
import { useLab } from './use-lab.ts';

/** Every node of the cluster, and which of them can reach the pods of which. */
export function ClusterView() {
  const state = useClusterTopology();
  const [drawing, setDrawing] = useDrawing();
  const tiles = Object.values(state.value?.nodes ?? {}).toSorted((a, b) => (a.name < b.name ? -1 : 1));
  const { lab, refresh } = useLab(tiles.map(({ name, ready }) => `${name} ${ready?.status}`).join());
  return (
    <>
      <PageHeader
        title="Cluster"
        isStale={state.status === 'stale'}
        facts={<ClusterFacts topology={state.value} />}
        actions={
          <>
            <CreatePod />
            <ViewSwitch value={drawing} onChange={setDrawing} />
          </>
        }
      />
      <StaleNotice state={state} />
      <BlindSpots topology={state.value} />
      <OmissionNotes omission={state.value?.cluster.cluster?.omitted} view="cluster" />
      <div
        data-status={state.status}
        className={`flex min-h-0 flex-1 flex-col overflow-y-auto ${state.status === 'stale' ? 'opacity-60 grayscale' : ''}`}
      >
        <ClusterBody topology={state.value} tiles={tiles}>
          {drawing === 'table' ? (
            <ClusterTable tiles={tiles} />
          ) : (
            <NodeTiles tiles={tiles} renderControls={({ name }: NodeTile) => findSwitch(lab, name, refresh)} />
          )}
          {tiles.length > 1 && !tiles.some((tile) => tile.isNameOnly) && <RouteMatrix tiles={tiles} />}
        </ClusterBody>
        {tiles.length > 0 && <LatestInvocations isTable={drawing === 'table'} />}
      </div>
    </>
  );
}

/** What the runtimes ask of CNI just now; a click leads to the invocation on the timeline. */
function LatestInvocations({ isTable }: { readonly isTable: boolean }) {
  const router = useRouter();
  return (
    <div className="mt-2 flex min-h-56 flex-1 flex-col border-line border-t bg-panel/60">
      <Timeline
        state={useInvocations()}
        byNode
        isTable={isTable}
        onSelect={({ id }) => router.push(`/timeline?event=${encodeURIComponent(id)}`)}
      />
    </div>
  );
}

function findSwitch(lab: LabBody | undefined, name: string, onDone: () => void): ReactNode {
  const node = lab?.nodes.find((candidate) => candidate.name === name);
  return node === undefined ? undefined : <CniSwitch node={node} onDone={onDone} />;
}

type ClusterBodyProps = {
  readonly topology: ClusterTopology | undefined;
  readonly tiles: readonly NodeTile[];
  readonly children: ReactNode;
};

/** The nodes, or why there are none to show. */
function ClusterBody({ topology, tiles, children }: ClusterBodyProps) {
  if (topology === undefined) {
    return (
      <output aria-label="Waiting for the collector" className="grid gap-4 p-4 md:grid-cols-2 md:p-6 xl:grid-cols-3">
        <Skeleton className="h-60" />
        <Skeleton className="h-60" />
      </output>
    );
  }
  const cluster = topology.cluster.cluster;
  if (tiles.length > 0) {
    return <div className="px-4 py-5 md:px-6">{children}</div>;
  }
  if (cluster?.omitted?.seesNodes === false) {
    return <NothingToSee omission={cluster.omitted} />;
  }
  if (cluster?.problem !== undefined) {
    return (
      <EmptyState icon={Unplug} title="The cluster does not answer">
        {cluster.problem}
      </EmptyState>
    );
  }
  return (
    <EmptyState icon={Server} title="No node yet">
      {cluster?.source === 'lab'
        ? 'The lab is starting: its nodes join in a moment.'
        : 'A node shows up here as soon as Kubernetes has it.'}
    </EmptyState>
  );
}
