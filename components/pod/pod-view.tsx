'use client';

import { CircleSlash2 } from 'lucide-react';
import Link from 'next/link';
import { type ReactNode, useEffect, useState } from 'react';
import { PodBody } from '#model/protocol/rest.ts';
import type { InvocationSummary, NodeTopology } from '#model/topology/topology.ts';
import { fetchJson } from '../live/fetch-json.ts';
import { useClusterTopology } from '../live/use-cluster-topology.ts';
import { useInvocation } from '../live/use-invocation.ts';
import { useInvocations } from '../live/use-invocations.ts';
import { useNodeTopology } from '../live/use-node-topology.ts';
import { PageHeader } from '../shell/page-header.tsx';
import { StaleNotice } from '../shell/stale-notice.tsx';
import { EmptyState } from '../ui/empty-state.tsx';
import { JsonView } from '../ui/json-view.tsx';
import { Skeleton } from '../ui/skeleton.tsx';
import { StatusBadge } from '../ui/status-badge.tsx';
import { DeletePod } from './delete-pod.tsx';
import { explainNoWire } from './explain-no-wire.ts';
import { InspectorSection } from './inspector-section.tsx';
import { isOfPod } from './invocation-list.tsx';
import { KubernetesFacts } from './kubernetes-facts.tsx';
import { InvocationSection, WireSection } from './pod-inspector.tsx';
import { ProofList } from './proof-list.tsx';
import { readPodIps } from './read-pod-ips.ts';
import { readProof } from './read-proof.ts';

type PodViewProps = { readonly namespace: string; readonly pod: string };

type PodPlace = { readonly node?: string | undefined; readonly problem?: string };

/** Which node the pod is on, or was: asked once, then followed there. */
function usePodPlace(namespace: string, pod: string, signal: string | undefined): PodPlace | undefined {
  const [place, setPlace] = useState<PodPlace>();
  // biome-ignore lint/correctness/useExhaustiveDependencies: `signal` names the newest invocation; a pod that was unknown may be known now.
  useEffect(() => {
    const abort = new AbortController();
    const path = `/api/v1/pods/${encodeURIComponent(namespace)}/${encodeURIComponent(pod)}`;
    void fetchJson(path, PodBody, { signal: abort.signal }).then((result) => {
      if (!abort.signal.aborted) {
        setPlace(result.ok ? { node: result.value.node } : { problem: result.error });
      }
    });
    return () => abort.abort();
  }, [namespace, pod, signal]);
  return place;
}

/** One pod whole: requested, reported, real and Kubernetes' view side by side, and its life from ADD to DEL. */
export function PodView({ namespace, pod }: PodViewProps) {
  const key = `${namespace}/${pod}`;
  const list = useInvocations({ pod: key });
  const invocations = (list.value?.invocations ?? []).toReversed();
  const place = usePodPlace(namespace, pod, invocations[0]?.id);
  const node = place?.node ?? invocations[0]?.node;
  if (node === undefined) {
    return <PodElsewhere podKey={key} place={place} />;
  }
  return <PodOnNode podKey={key} node={node} invocations={invocations} />;
}

function PodElsewhere({ podKey, place }: { readonly podKey: string; readonly place: PodPlace | undefined }) {
  const isLimited = useClusterTopology().value?.cluster.cluster.omitted !== undefined;
  return (
    <>
      <PageHeader trail="Pods /" title={podKey} />
      {place === undefined ? (
        <div className="space-y-3 p-6">
          <Skeleton className="h-6 w-64" />
          <Skeleton className="h-64" />
        </div>
      ) : (
        <EmptyState icon={CircleSlash2} title={`No pod ${podKey} on any node`}>
          {isLimited
            ? 'There is none of this name, or none that you may see.'
            : 'Kubernetes has not given a pod of this name to a node, and no journal holds an invocation for one. It will appear here when that changes.'}
        </EmptyState>
      )}
    </>
  );
}

type PodOnNodeProps = {
  readonly podKey: string;
  readonly node: string;
  readonly invocations: readonly InvocationSummary[];
};

function PodOnNode({ podKey, node, invocations }: PodOnNodeProps) {
  const state = useNodeTopology(node);
  const topology = state.value;
  const facts = topology?.pods[podKey];
  const nodeHref = `/nodes/${encodeURIComponent(node)}`;
  return (
    <>
      <PageHeader
        trail={
          <>
            <Link href="/" className="hover:text-text">
              Nodes
            </Link>{' '}
            /{' '}
            <Link href={`${nodeHref}?select=${encodeURIComponent(`pod:${podKey}`)}`} className="hover:text-text">
              {node}
            </Link>{' '}
            /
          </>
        }
        title={podKey}
        isStale={state.status === 'stale'}
        facts={facts === undefined ? undefined : <PodBadge status={facts.status} isFailing={facts.failedAdds > 0} />}
        actions={facts === undefined ? undefined : <DeletePod pod={facts} />}
      />
      <StaleNotice state={state} />
      <div className={`min-h-0 flex-1 overflow-y-auto ${state.status === 'stale' ? 'opacity-70 grayscale' : ''}`}>
        {topology === undefined ? (
          <Skeleton className="m-6 h-64" />
        ) : (
          <PodColumns topology={topology} podKey={podKey} invocations={invocations} />
        )}
      </div>
    </>
  );
}

function PodBadge({ status, isFailing }: { readonly status: string; readonly isFailing: boolean }) {
  return <StatusBadge status={isFailing ? 'bad' : status === 'Running' ? 'good' : 'warning'}>{status}</StatusBadge>;
}

type PodColumnsProps = {
  readonly topology: NodeTopology;
  readonly podKey: string;
  readonly invocations: readonly InvocationSummary[];
};

function PodColumns({ topology, podKey, invocations }: PodColumnsProps) {
  const attachments = Object.values(topology.attachments).filter((attachment) => attachment.pod === podKey);
  const createdAt = topology.pods[podKey]?.createdAt;
  const add = invocations.find((invocation) => invocation.verb === 'ADD' && isOfPod(invocation, createdAt));
  return (
    <div className="grid items-start gap-3 p-4 md:p-6 lg:grid-cols-2 xl:grid-cols-3">
      <Requested id={add?.id} />
      <Column title="Reported, and every invocation">
        <InvocationSection invocations={invocations} createdAt={createdAt} />
      </Column>
      <div className="min-w-0 space-y-3">
        <Column title="Reported against the kernel">
          {attachments.length === 0 && <p className="text-text-2 wrap-anywhere">{explainNoWire(topology, podKey)}</p>}
          {attachments.map((attachment) => (
            <WireSection key={attachment.id} topology={topology} attachment={attachment} />
          ))}
        </Column>
        <Column title="Kubernetes">
          <KubernetesFacts pod={topology.pods[podKey]} kernelIps={readPodIps(topology, attachments)} />
        </Column>
        {attachments.map((attachment) => (
          <Column key={attachment.id} title={`Kernel records of ${attachment.ifName}`}>
            <ProofList records={readProof(topology, attachment)} />
          </Column>
        ))}
      </div>
    </div>
  );
}

function Column({ title, children }: { readonly title: string; readonly children: ReactNode }) {
  return (
    <section aria-label={title} className="min-w-0 rounded-xl border border-line bg-panel p-4">
      <h2 className="mb-3 text-sm font-semibold">{title}</h2>
      {children}
    </section>
  );
}

/** What the runtime sent with the newest ADD. */
function Requested({ id }: { readonly id: string | undefined }) {
  const { event, problem } = useInvocation(id);
  const data = event?.event.data;
  const stdin = data?.stdin;
  const isObject = typeof stdin === 'object' && stdin !== null && !Array.isArray(stdin);
  const runtimeConfig = isObject && 'runtimeConfig' in stdin ? stdin.runtimeConfig : undefined;
  return (
    <Column title="Requested">
      {id === undefined && <p className="text-text-3">No ADD of this pod is in the journal.</p>}
      {problem !== undefined && <p className="text-warning">{problem}</p>}
      {data !== undefined && (
        <div>
          <InspectorSection title="Configuration">
            <JsonView value={stdin} label="the configuration" empty="Nothing came on standard input." />
          </InspectorSection>
          <InspectorSection title="CNI_ARGS">
            <JsonView value={data.env.args} label="the CNI arguments" empty="CNI_ARGS was not set." />
          </InspectorSection>
          <InspectorSection title="runtimeConfig">
            <JsonView
              value={runtimeConfig}
              label="the runtime configuration"
              empty="The runtime sent no runtimeConfig."
            />
          </InspectorSection>
        </div>
      )}
    </Column>
  );
}
