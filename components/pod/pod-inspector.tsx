'use client';

import { ExternalLink } from 'lucide-react';
import Link from 'next/link';
import type { Attachment, InvocationSummary, NodeTopology, TopologyPod } from '#model/topology/topology.ts';
import { useInvocations } from '../live/use-invocations.ts';
import { useUrlValue } from '../shell/use-url-value.ts';
import { InvocationDetail } from '../timeline/invocation-detail.tsx';
import { StatusBadge } from '../ui/status-badge.tsx';
import { compareAttachment, countDifferences } from './compare-attachment.ts';
import { ComparisonTable } from './comparison-table.tsx';
import { DeletePod } from './delete-pod.tsx';
import { describeEvidence } from './describe-evidence.ts';
import { explainNoWire } from './explain-no-wire.ts';
import { InspectorSection } from './inspector-section.tsx';
import { InvocationList, isOfPod } from './invocation-list.tsx';
import { KubernetesFacts } from './kubernetes-facts.tsx';
import { ProofList } from './proof-list.tsx';
import { readPodIps } from './read-pod-ips.ts';
import { readProof } from './read-proof.ts';

type PodInspectorProps = { readonly topology: NodeTopology; readonly pod: string };

/** One pod: how its wire is known, what CNI reported against what the kernel has, every invocation, the proof. */
export function PodInspector({ topology, pod }: PodInspectorProps) {
  const facts = topology.pods[pod];
  const attachments = Object.values(topology.attachments).filter((attachment) => attachment.pod === pod);
  const list = useInvocations({ pod });
  const invocations = (list.value?.invocations ?? []).toReversed();
  return (
    <div className="space-y-3">
      <PodHead pod={pod} facts={facts} />
      {attachments.length === 0 && (
        <InspectorSection title="Wire">
          <p className="text-text-2 wrap-anywhere">{explainNoWire(topology, pod)}</p>
        </InspectorSection>
      )}
      {attachments.map((attachment) => (
        <WireSection key={attachment.id} topology={topology} attachment={attachment} />
      ))}
      <InvocationSection invocations={invocations} createdAt={facts?.createdAt} />
      <InspectorSection title="Kubernetes">
        <KubernetesFacts pod={facts} kernelIps={readPodIps(topology, attachments)} />
      </InspectorSection>
      {attachments.map((attachment) => (
        <InspectorSection key={attachment.id} title={`Kernel records of ${attachment.ifName}`}>
          <ProofList records={readProof(topology, attachment)} />
        </InspectorSection>
      ))}
    </div>
  );
}

function PodHead({ pod, facts }: { readonly pod: string; readonly facts: TopologyPod | undefined }) {
  const [namespace = '', name = ''] = pod.split('/');
  return (
    <header className="space-y-2 pr-8">
      <h2 className="truncate text-[15px] font-semibold" title={pod}>
        {namespace} / {name}
      </h2>
      <div className="flex flex-wrap items-center gap-x-3 gap-y-2">
        <Link
          href={`/pods/${encodeURIComponent(namespace)}/${encodeURIComponent(name)}`}
          className="inline-flex h-7 items-center gap-1 text-xs font-semibold text-selection hover:underline"
        >
          Whole pod
          <ExternalLink aria-hidden size={12} />
        </Link>
        {facts !== undefined && <DeletePod pod={facts} />}
      </div>
    </header>
  );
}

type WireSectionProps = { readonly topology: NodeTopology; readonly attachment: Attachment };

/** One interface: how it was joined to the pod, and both sides of what is known. */
export function WireSection({ topology, attachment }: WireSectionProps) {
  const rows = compareAttachment(topology, attachment);
  const differences = countDifferences(rows);
  return (
    <InspectorSection title={`Wire ${attachment.ifName}`}>
      <p className="mb-2 flex flex-wrap items-center gap-2 text-xs text-text-3">
        {describeEvidence(attachment)}
        {attachment.isInferred && (
          <StatusBadge status="unknown" title="Joined by the IP address alone">
            inferred
          </StatusBadge>
        )}
      </p>
      <ComparisonTable rows={rows} />
      {differences > 0 && (
        <p role="status" className="mt-2 font-semibold text-bad">
          {differences} {differences === 1 ? 'line differs' : 'lines differ'} from the kernel
        </p>
      )}
    </InspectorSection>
  );
}

type InvocationSectionProps = {
  /** Newest first. */
  readonly invocations: readonly InvocationSummary[];
  /** RFC 3339: when Kubernetes made the pod; absent where it has none now. */
  readonly createdAt: string | undefined;
};

/** The newest ADD whole, and the others to choose from; the choice is in the address, `?event=`. */
export function InvocationSection({ invocations, createdAt }: InvocationSectionProps) {
  const [chosen, setChosen] = useUrlValue('event');
  const isKnown = invocations.some((invocation) => invocation.id === chosen);
  const own = invocations.filter((invocation) => isOfPod(invocation, createdAt));
  const first = (own.find((invocation) => invocation.verb === 'ADD') ?? own[0])?.id;
  const shown = isKnown ? chosen : first;
  return (
    <>
      {shown !== undefined && (
        <section aria-label="Invocation" className="border-line border-t pt-3">
          <InvocationDetail id={shown} />
        </section>
      )}
      <InspectorSection title={`All invocations (${invocations.length})`}>
        <InvocationList invocations={invocations} shown={shown} createdAt={createdAt} onShow={setChosen} />
      </InspectorSection>
    </>
  );
}
