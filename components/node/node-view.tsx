'use client';

import { ServerOff } from 'lucide-react';
import { useCallback, useMemo } from 'react';
import type { InvocationSummary, NodeTopology } from '#model/topology/topology.ts';
import type { LiveState } from '../live/live-state.ts';
import { useClusterTopology } from '../live/use-cluster-topology.ts';
import { useNodeTopology } from '../live/use-node-topology.ts';
import { StaleNotice } from '../shell/stale-notice.tsx';
import { useDrawing } from '../shell/use-drawing.ts';
import { useUrlValue } from '../shell/use-url-value.ts';
import { NodeTimeline } from '../timeline/node-timeline.tsx';
import { EmptyState } from '../ui/empty-state.tsx';
import { Skeleton } from '../ui/skeleton.tsx';
import { Inspector } from './inspector.tsx';
import { NodeDrawing } from './node-drawing.tsx';
import { NodeHeader } from './node-header.tsx';
import { NodeNotices } from './node-notices.tsx';
import { NodeTables } from './node-tables.tsx';
import { readNodeScene } from './read-node-scene.ts';

/** One node: its wiring, its CNI invocations below, what is selected beside. The selection is in the address, `?select=`. */
export function NodeView({ node }: { readonly node: string }) {
  const state = useNodeTopology(node);
  const [selection, setSelection] = useUrlValue('select');
  const [, setEvent] = useUrlValue('event');
  const [drawing, setDrawing] = useDrawing();
  const select = useCallback(
    (id: string | undefined) => {
      setEvent(undefined);
      setSelection(id);
    },
    [setSelection, setEvent],
  );
  const selectInvocation = useCallback(
    (invocation: InvocationSummary) => {
      setSelection(invocation.pod === undefined ? undefined : `pod:${invocation.pod}`);
      setEvent(invocation.id);
    },
    [setSelection, setEvent],
  );
  return (
    <>
      <NodeHeader
        node={node}
        topology={state.value}
        isStale={state.status === 'stale'}
        drawing={drawing}
        onDrawing={setDrawing}
        onCreated={(pod) => select(`pod:${pod}`)}
        selection={selection}
        onSelect={select}
      />
      <StaleNotice state={state} />
      {state.value === undefined ? (
        <NodeWithout node={node} status={state.status} />
      ) : (
        <NodeBody
          node={node}
          topology={state.value}
          isStale={state.status === 'stale'}
          isTable={drawing === 'table'}
          selection={selection}
          onSelect={select}
          onInvocation={selectInvocation}
        />
      )}
    </>
  );
}

type NodeWithoutProps = { readonly node: string; readonly status: LiveState<NodeTopology>['status'] };

function NodeWithout({ node, status }: NodeWithoutProps) {
  const isLimited = useClusterTopology().value?.cluster.cluster.omitted !== undefined;
  if (status === 'missing') {
    return (
      <EmptyState icon={ServerOff} title={`No node ${node}`}>
        {isLimited
          ? 'There is none of this name, or none that you may see.'
          : 'Neither Kubernetes nor an agent has told of a node of this name. It will appear here when one does.'}
      </EmptyState>
    );
  }
  return (
    <output aria-label="Reading the node" className="block flex-1 space-y-4 p-6">
      <Skeleton className="h-36" />
      <Skeleton className="h-10" />
      <div className="grid grid-cols-2 gap-4 md:grid-cols-6">
        {['a', 'b', 'c', 'd'].map((key) => (
          <Skeleton key={key} className="h-32" />
        ))}
      </div>
    </output>
  );
}

type NodeBodyProps = {
  readonly node: string;
  readonly topology: NodeTopology;
  readonly isStale: boolean;
  readonly isTable: boolean;
  readonly selection: string | undefined;
  readonly onSelect: (id: string | undefined) => void;
  readonly onInvocation: (invocation: InvocationSummary) => void;
};

function NodeBody({ node, topology, isStale, isTable, selection, onSelect, onInvocation }: NodeBodyProps) {
  const scene = useMemo(() => readNodeScene(topology), [topology]);
  const isOld = isStale || topology.node.node?.agent.state === 'stale';
  const shown = { topology, scene, selection, onSelect };
  const selectedPod = selection?.startsWith('pod:') === true ? selection.slice('pod:'.length) : undefined;
  return (
    <div className="flex min-h-0 flex-1">
      <div className="flex min-w-0 flex-1 flex-col">
        <NodeNotices topology={topology} onSelect={onSelect} />
        <div
          data-stale={isOld}
          className={`flex min-h-0 flex-1 flex-col transition-[filter,opacity] ${isOld ? 'opacity-70 grayscale' : ''}`}
        >
          {isTable ? <NodeTables {...shown} /> : <NodeDrawing {...shown} />}
        </div>
        <div
          className={`flex h-[204px] shrink-0 flex-col border-line border-t bg-panel/60 ${isOld ? 'opacity-70 grayscale' : ''}`}
        >
          <NodeTimeline
            {...{ node, selectedPod, isTable }}
            drifts={topology.node.node?.drifts}
            onSelect={onInvocation}
          />
        </div>
      </div>
      {selection !== undefined && (
        <Inspector topology={topology} scene={scene} selection={selection} onSelect={onSelect} isOld={isOld} />
      )}
    </div>
  );
}
