'use client';

import type { NodeTopology } from '#model/topology/topology.ts';
import { type Fact, FactList } from '../pod/fact-list.tsx';
import { InspectorSection } from '../pod/inspector-section.tsx';
import { WireSection } from '../pod/pod-inspector.tsx';
import { JsonView } from '../ui/json-view.tsx';
import { findRelated } from './find-related.ts';
import type { NodeScene } from './node-scene.ts';

type ObjectInspectorProps = {
  readonly topology: NodeTopology;
  readonly scene: NodeScene;
  /** `link:<netns>/<ifindex>`, `route:<key>`, `attachment:<id>` */
  readonly selection: string;
  readonly onSelect: (id: string) => void;
};

type Described = {
  readonly title: string;
  readonly kind: string;
  readonly facts: readonly Fact[];
  readonly raw?: unknown;
};

/** A link, a route or a wire of nobody: its fields, what hangs on it, and the kernel's own record. */
export function ObjectInspector({ topology, scene, selection, onSelect }: ObjectInspectorProps) {
  const described = describeObject(topology, selection);
  const attachment = topology.attachments[selection.replace(/^attachment:/, '')];
  const related = [...findRelated(topology, scene, selection)].filter(
    (id) => id.startsWith('pod:') && id !== selection,
  );
  if (described === undefined) {
    return (
      <div className="pr-8">
        <h2 className="text-[15px] font-semibold">Not there any more</h2>
        <p className="mt-2 text-text-2">
          The kernel reading of this node holds no <code className="font-mono text-xs">{selection}</code> now.
        </p>
      </div>
    );
  }
  return (
    <div className="space-y-3">
      <header className="pr-8">
        <h2 className="truncate font-mono text-[15px] font-semibold">{described.title}</h2>
        <p className="text-xs text-text-3">{described.kind}</p>
      </header>
      <InspectorSection title="Fields">
        <FactList facts={described.facts} />
      </InspectorSection>
      {attachment !== undefined && <WireSection topology={topology} attachment={attachment} />}
      {related.length > 0 && <RelatedPods pods={related} onSelect={onSelect} />}
      {described.raw !== undefined && (
        <InspectorSection title="Kernel record">
          <JsonView value={described.raw} label="the raw kernel record" />
        </InspectorSection>
      )}
    </div>
  );
}

type RelatedPodsProps = { readonly pods: readonly string[]; readonly onSelect: (id: string) => void };

function RelatedPods({ pods, onSelect }: RelatedPodsProps) {
  return (
    <InspectorSection title={`Pods on it (${pods.length})`}>
      <ul>
        {pods.map((pod) => (
          <li key={pod}>
            <button
              type="button"
              onClick={() => onSelect(pod)}
              className="w-full truncate rounded px-2 py-1 text-left hover:bg-raised"
            >
              {pod.slice('pod:'.length)}
            </button>
          </li>
        ))}
      </ul>
    </InspectorSection>
  );
}

function describeObject(topology: NodeTopology, selection: string): Described | undefined {
  const [kind = ''] = selection.split(':', 1);
  const key = selection.slice(kind.length + 1);
  switch (kind) {
    case 'link':
      return describeLink(topology, key);
    case 'route':
      return describeRoute(topology, key);
    case 'attachment':
      return describeAttachment(topology, key);
    default:
      return undefined;
  }
}

function describeLink(topology: NodeTopology, key: string): Described | undefined {
  const link = topology.links[key];
  if (link === undefined) {
    return undefined;
  }
  const addresses = Object.values(topology.addresses)
    .filter((address) => address.namespaceId === link.namespaceId && address.linkIndex === link.index)
    .map((address) => address.prefix);
  const nameOf = (index: number | undefined): string | undefined =>
    index === undefined ? 'none' : (topology.links[`${link.namespaceId}/${index}`]?.name ?? `#${index}`);
  const peer = link.peer === undefined ? undefined : readPeer(topology, link.peer);
  return {
    title: link.name,
    kind: `${link.kind ?? 'device'} #${link.index} in net:[${link.namespaceId}]`,
    facts: [
      { label: 'state', value: `${link.operState}, ${link.flags.join(' ')}` },
      { label: 'addresses', value: addresses.join(' ') || 'none', isMono: true },
      { label: 'MAC', value: link.mac ?? 'none', isMono: true },
      { label: 'MTU', value: `${link.mtuBytes}`, isMono: true },
      { label: 'master', value: nameOf(link.masterIndex), isMono: true },
      ...(link.kind === 'veth' ? [{ label: 'peer', value: peer, isMono: true }] : []),
      ...(link.parentIndex === undefined ? [] : [{ label: 'parent', value: nameOf(link.parentIndex), isMono: true }]),
      ...(link.port === undefined
        ? []
        : [
            {
              label: 'port',
              value: `${link.port.state}${link.port.hairpin ? ', hairpin' : ''}${link.port.isolated ? ', isolated' : ''}`,
            },
          ]),
      ...(link.vxlan === undefined
        ? []
        : [
            {
              label: 'vxlan',
              value: `id ${link.vxlan.id} port ${link.vxlan.port} local ${link.vxlan.localIp ?? 'any'}`,
            },
          ]),
    ],
    raw: link.raw,
  };
}

type Peer = NonNullable<NodeTopology['links'][string]['peer']>;

function readPeer(topology: NodeTopology, peer: Peer): string {
  const name = topology.links[`${peer.namespaceId}/${peer.index}`]?.name ?? `#${peer.index}`;
  return peer.namespaceId === undefined ? `${name}, namespace not known` : `${name} in net:[${peer.namespaceId}]`;
}

function describeRoute(topology: NodeTopology, key: string): Described | undefined {
  const route = topology.routes[key];
  if (route === undefined) {
    return undefined;
  }
  const link = topology.links[`${route.namespaceId}/${route.linkIndex}`];
  return {
    title: route.destination,
    kind: `${route.type} route, table ${route.table === 254 ? 'main' : route.table}, net:[${route.namespaceId}]`,
    facts: [
      { label: 'gateway', value: route.gateway ?? 'none, on the link', isMono: route.gateway !== undefined },
      { label: 'device', value: link === undefined ? 'none' : `${link.name} #${link.index}`, isMono: true },
      { label: 'source', value: route.preferredSource ?? 'chosen by the kernel', isMono: true },
      { label: 'scope', value: route.scope },
      { label: 'made by', value: route.protocol },
      { label: 'metric', value: `${route.metric ?? 0}`, isMono: true },
    ],
    raw: route.raw,
  };
}

function describeAttachment(topology: NodeTopology, key: string): Described | undefined {
  const attachment = topology.attachments[key];
  return attachment === undefined
    ? undefined
    : {
        title: attachment.containerId?.slice(0, 12) ?? attachment.ifName,
        kind: 'a wire that no pod of Kubernetes is known to own',
        facts: [
          { label: 'container', value: attachment.containerId, isMono: true },
          { label: 'interface', value: attachment.ifName, isMono: true },
          { label: 'namespace', value: attachment.namespaceId, isMono: true },
        ],
      };
}
