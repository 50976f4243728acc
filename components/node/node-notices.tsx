import { Activity, CircleX, RadioTower, TriangleAlert } from 'lucide-react';
import type { ReactNode } from 'react';
import type { NodeTopology } from '#model/topology/topology.ts';
import { OmissionNotes } from '../access/omission-notes.tsx';
import { describeRuntimeStatus } from '../agent/describe-runtime-status.ts';
import { listLosses } from '../agent/list-losses.ts';
import { formatClock } from '../timeline/format-clock.ts';

type NodeNoticesProps = { readonly topology: NodeTopology; readonly onSelect: (id: string) => void };

/** What is to be known before the drawing is read: a node that is not ready, an agent that is silent. */
export function NodeNotices({ topology, onSelect }: NodeNoticesProps) {
  const node = topology.node.node;
  if (node === undefined) {
    return null;
  }
  const { facts, agent, problems, findings, omitted } = node;
  const losses = agent.status === undefined ? [] : listLosses(agent.status);
  const ready = facts?.ready;
  const asked = agent.state === 'live' ? agent.status?.runtimeStatus : undefined;
  // Of somebody who is not shown all pods, nothing follows from seeing none.
  const isUnused = omitted === undefined && Object.keys(topology.attachments).length === 0;
  const details = (
    <button type="button" onClick={() => onSelect('agent')} className="underline underline-offset-2 hover:text-text">
      Details
    </button>
  );
  return (
    <>
      <OmissionNotes omission={omitted} view="node" />
      {ready !== undefined && ready.status !== 'True' && (
        <Notice icon={<TriangleAlert aria-hidden size={14} className="text-warning" />} role="status">
          <strong className="font-semibold">{ready.reason ?? 'NotReady'}</strong>
          {ready.message !== undefined && <span className="font-mono text-[11.5px]"> {ready.message}</span>}
        </Notice>
      )}
      {asked !== undefined && (asked.error !== undefined || isUnused) && (
        <Notice
          icon={<Activity aria-hidden size={14} className={asked.error ? 'text-warning' : 'text-text-3'} />}
          role="note"
        >
          {describeRuntimeStatus(asked)} {isUnused && 'No pod is wired here.'}
        </Notice>
      )}
      {agent.state !== 'live' && (
        <Notice icon={<RadioTower aria-hidden size={14} className="text-warning" />} role="status" isHatched>
          {agent.state === 'never'
            ? 'The agent of this node has not reported: nothing is known of its kernel.'
            : `The agent of this node is silent${agent.lastSeen === undefined ? '' : ` since ${formatClock(agent.lastSeen).slice(0, 8)}`}: the kernel is shown as it was then.`}
        </Notice>
      )}
      {findings
        .filter(({ severity }) => severity === 'error')
        .map(({ id, title, remedy }) => (
          <Notice key={id} icon={<CircleX aria-hidden size={14} className="text-bad" />} role="status">
            <strong className="font-semibold">{title}</strong>
            {remedy !== undefined && <span className="hidden md:inline"> {remedy}</span>} {details}
          </Notice>
        ))}
      {losses.length > 0 && (
        <Notice icon={<TriangleAlert aria-hidden size={14} className="text-warning" />} role="note">
          <strong className="font-semibold">Lost since the agent started:</strong>{' '}
          {losses.map(({ brief }) => brief).join(', ')}. {details}
        </Notice>
      )}
      {problems.map((problem) => (
        <Notice key={problem} icon={<TriangleAlert aria-hidden size={14} className="text-warning" />} role="note">
          {problem}
        </Notice>
      ))}
    </>
  );
}

type NoticeProps = {
  readonly icon: ReactNode;
  readonly role: 'status' | 'note';
  readonly isHatched?: boolean;
  readonly children: ReactNode;
};

function Notice({ icon, role, isHatched = false, children }: NoticeProps) {
  return (
    <div
      role={role}
      className={`flex shrink-0 items-start gap-2 border-line border-b px-4 py-1.5 text-text-2 md:px-6 ${isHatched ? 'hatched' : 'bg-panel'}`}
    >
      <span className="mt-0.5 shrink-0">{icon}</span>
      <p className="min-w-0">{children}</p>
    </div>
  );
}
