'use client';

import { TriangleAlert } from 'lucide-react';
import type { AgentStatus } from '#model/agent/agent-status.ts';
import type { AgentState, NodeTopology } from '#model/topology/topology.ts';
import { FindingList } from '../findings/finding-list.tsx';
import { type Fact, FactList } from '../pod/fact-list.tsx';
import { InspectorSection } from '../pod/inspector-section.tsx';
import { formatMoment } from '../timeline/format-moment.ts';
import { formatBytes } from '../ui/format-bytes.ts';
import { AgentMark } from './agent-mark.tsx';
import { describeRuntimeStatus } from './describe-runtime-status.ts';
import { DriftList } from './drift-list.tsx';
import { listLosses } from './list-losses.ts';
import { ReadAgain } from './read-again.tsx';

const clockOf = (instant: string | undefined): string | undefined =>
  instant === undefined ? undefined : formatMoment(instant, new Date());

const number = (value: number | undefined): string | undefined => value?.toLocaleString('en');

/** A node's agent: whether it is heard, what it read, corrected and lost, what it mended, what it finds wrong. */
export function AgentInspector({ topology }: { readonly topology: NodeTopology }) {
  const head = topology.node.node;
  if (head === undefined) {
    return null;
  }
  const { agent, name, findings, drifts } = head;
  return (
    <div>
      <header className="mb-3 pr-8">
        <h2 className="truncate font-semibold text-[15px]">Agent</h2>
        <p className="mt-0.5 flex flex-wrap items-center gap-x-3 text-text-3 text-xs">
          <AgentMark agent={agent} />
          {agent.version !== undefined && <span>version {agent.version}</span>}
        </p>
      </header>
      {agent.status !== undefined && <LossList status={agent.status} />}
      <InspectorSection title="Kernel reading">
        <FactList facts={listReadings(agent)} />
        <div className="mt-2.5">
          <ReadAgain node={name} />
        </div>
      </InspectorSection>
      {agent.status?.runtimeStatus !== undefined && (
        <InspectorSection title="The runtime’s STATUS">
          <p className="text-xs">{describeRuntimeStatus(agent.status.runtimeStatus)}</p>
        </InspectorSection>
      )}
      <InspectorSection title={`Findings (${findings.length})`}>
        <FindingList findings={findings.map((each) => ({ ...each, node: name }))} isOnNode />
      </InspectorSection>
      <InspectorSection title={`Drift (${drifts.length}${drifts.length === 50 ? ', the last ones' : ''})`}>
        <DriftList drifts={drifts} />
      </InspectorSection>
      <InspectorSection title="Journal and shipping">
        <FactList facts={listShipping(agent.status)} />
      </InspectorSection>
    </div>
  );
}

/** Whatever was lost stands first: it is never to be looked for. */
function LossList({ status }: { readonly status: AgentStatus }) {
  const losses = listLosses(status);
  if (losses.length === 0) {
    return null;
  }
  return (
    <section aria-label="Lost" className="mb-3 rounded-md border border-warning/60 px-3 py-2">
      <h3 className="mb-1 flex items-center gap-1.5 font-semibold text-warning text-xs">
        <TriangleAlert aria-hidden size={13} />
        Lost since the agent started
      </h3>
      <ul className="space-y-1 text-xs">
        {losses.map(({ id, text }) => (
          <li key={id}>{text}.</li>
        ))}
      </ul>
    </section>
  );
}

function listReadings({ kernelTime, lagMs, status }: AgentState): readonly Fact[] {
  return [
    { label: 'last report', value: clockOf(kernelTime), isMono: true },
    { label: 'arrived after', value: lagMs === undefined ? undefined : `${Math.round(lagMs)} ms`, isMono: true },
    { label: 'full readings', value: number(status?.resyncs), isMono: true },
    { label: 'corrections', value: number(status?.corrections), isMono: true },
    { label: 'overflows', value: number(status?.notificationOverflows), isMono: true },
    { label: 'read twice', value: number(status?.interruptedDumps), isMono: true },
  ];
}

function listShipping(status: AgentStatus | undefined): readonly Fact[] {
  const journal = status?.journal;
  return [
    { label: 'shipped', value: number(journal?.shippedLines), isMono: true },
    {
      label: 'waiting',
      value: journal === undefined ? undefined : formatBytes(journal.waitingBytes),
      isMono: true,
    },
    { label: 'dropped', value: number(journal?.droppedLines), isMono: true },
    { label: 'refused', value: number(journal?.refusedLines), isMono: true },
    { label: 'unreadable', value: number(journal?.unreadableLines), isMono: true },
    { label: 'refused reports', value: number(status?.refusedReports), isMono: true },
    { label: 'memory', value: status === undefined ? undefined : formatBytes(status.rssBytes), isMono: true },
  ];
}
