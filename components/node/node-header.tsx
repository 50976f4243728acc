'use client';

import Link from 'next/link';
import { countFindings } from '#model/findings/node-finding.ts';
import type { NodeTopology } from '#model/topology/topology.ts';
import { AgentMark } from '../agent/agent-mark.tsx';
import { describeCounts, plural, worstOf } from '../findings/describe-counts.ts';
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
  readonly onSelect: (id: string | undefined) => void;
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
            <AgentButton topology={topology} isOpen={selection === 'agent'} onSelect={onSelect} />
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

type AgentButtonProps = {
  readonly topology: NodeTopology;
  readonly isOpen: boolean;
  readonly onSelect: (id: string | undefined) => void;
};

/** The agent's state, and what it finds wrong; opens what it says of itself. */
function AgentButton({ topology, isOpen, onSelect }: AgentButtonProps) {
  const head = topology.node.node;
  if (head === undefined || head.omitted?.seesNodes === false) {
    return null;
  }
  const counts = countFindings(head.findings);
  const worst = worstOf(counts);
  return (
    <button
      type="button"
      aria-expanded={isOpen}
      onClick={() => onSelect(isOpen ? undefined : 'agent')}
      className="flex h-7 items-center gap-2.5 rounded-md border border-line px-2.5 hover:border-line-strong"
    >
      <AgentMark agent={head.agent} />
      {worst !== undefined && (
        <span
          title={describeCounts(counts)}
          className={`whitespace-nowrap font-semibold text-[11px] ${FINDING_LOOKS[worst]}`}
        >
          {plural(head.findings.length, 'finding')}
        </span>
      )}
    </button>
  );
}

const FINDING_LOOKS = { error: 'text-bad', warning: 'text-warning', notice: 'text-text-2' } as const;

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
  const { facts, omitted } = topology.node.node ?? {};
  if (omitted?.seesNodes === false) {
    return null;
  }
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
