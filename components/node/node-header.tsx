'use client';

import Link from 'next/link';
import type { NodeTopology } from '#model/topology/topology.ts';
import { CreatePod } from '../pod/create-pod.tsx';
import { PageHeader } from '../shell/page-header.tsx';
import { type Drawing, ViewSwitch } from '../shell/view-switch.tsx';
import { StatusBadge } from '../ui/status-badge.tsx';

type NodeHeaderProps = {
  readonly node: string;
  readonly topology: NodeTopology | undefined;
  /** The topology is as of then, not now. */
  readonly isStale: boolean;
  readonly drawing: Drawing;
  readonly onDrawing: (drawing: Drawing) => void;
  readonly onCreated: (pod: string) => void;
  readonly selection: string | undefined;
  readonly onSelect: (id: string) => void;
};

/** Which node this is, whether it is ready, and what may be done. */
export function NodeHeader({ node, topology, isStale, drawing, ...rest }: NodeHeaderProps) {
  const { onDrawing, onCreated, selection, onSelect } = rest;
  return (
    <PageHeader
      trail={
        <>
          <Link href="/" className="hover:text-text">
            Nodes
          </Link>{' '}
          /
        </>
      }
      title={node}
      isStale={isStale}
      facts={
        topology === undefined ? undefined : (
          <>
            <NodeFacts topology={topology} />
            <FailingPods topology={topology} selection={selection} onSelect={onSelect} />
          </>
        )
      }
      actions={
        <>
          <CreatePod node={node} onCreated={onCreated} />
          <ViewSwitch value={drawing} onChange={onDrawing} />
        </>
      }
    />
  );
}

type FailingPodsProps = {
  readonly topology: NodeTopology;
  readonly selection: string | undefined;
  readonly onSelect: (id: string) => void;
};

/** Pods whose ADD failed may lie far down in the picture: each press leads to the next of them. */
function FailingPods({ topology, selection, onSelect }: FailingPodsProps) {
  const failing = Object.values(topology.pods)
    .filter((pod) => pod.failedAdds > 0)
    .map((pod) => `pod:${pod.key}`)
    .toSorted();
  const next = failing[(failing.indexOf(selection ?? '') + 1) % failing.length];
  if (next === undefined) {
    return null;
  }
  return (
    <button type="button" title="To the next of them" onClick={() => onSelect(next)}>
      <StatusBadge status="bad">{failing.length} without network</StatusBadge>
    </button>
  );
}

function NodeFacts({ topology }: { readonly topology: NodeTopology }) {
  const facts = topology.node.node?.facts;
  if (facts === undefined) {
    return (
      <StatusBadge status="unknown" title="Kubernetes has told nothing of this node">
        not in Kubernetes
      </StatusBadge>
    );
  }
  const { ready } = facts;
  return (
    <>
      {ready === undefined || ready.status === 'Unknown' ? (
        <StatusBadge status="unknown" title={ready?.message ?? 'The kubelet has not reported yet'}>
          Ready unknown
        </StatusBadge>
      ) : (
        <StatusBadge status={ready.status === 'True' ? 'good' : 'warning'} title={ready.message}>
          {ready.status === 'True' ? 'Ready' : 'NotReady'}
        </StatusBadge>
      )}
      <span className="font-mono text-xs">{facts.internalIps.join(' ') || 'no address'}</span>
      <span className="text-xs">
        podCIDR <span className="font-mono">{facts.podCidrs.join(' ') || 'none'}</span>
      </span>
    </>
  );
}
