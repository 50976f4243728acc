import { join } from 'node:path';
import { OVERLAY_LINK } from '#plugin/configuration/link-names.ts';
import { describeOrder } from '#plugin/install/describe-order.ts';
import { isManaged } from '#plugin/install/management-switch.ts';
import { type NetlinkSocket, openNetlinkSocket } from '#plugin/netlink/netlink-socket.ts';
import { NETLINK } from '#plugin/netlink/netlink-tables.ts';
import { findLink } from '#plugin/network/find-link.ts';
import { listNodeRoutes } from '#plugin/network/node-routes.ts';
import { describeOtherNetwork } from './describe-findings.ts';
import { LinkLookup } from './link-lookup.ts';
import type { NetworkSettings } from './network-settings.ts';
import type { FoundProblem, LocalSubnet, NodeNetworkPlan } from './node-network-plan.ts';
import { observeConfiguration } from './observe-configuration.ts';
import { observeForwarding } from './observe-forwarding.ts';
import {
  observeAbandonedOverlay,
  observeOverlayAddresses,
  observeOverlayEntries,
  observeOverlayLink,
} from './observe-overlay.ts';
import { observeRoutes } from './observe-routes.ts';
import { observeRules } from './observe-rules.ts';
import { planNodeNetwork } from './plan-node-network.ts';
import { readLocalSubnets } from './read-local-subnets.ts';
import { Reconciler, type Round, type Stage } from './reconciler.ts';
import type { NodesByName } from './watch-nodes.ts';

export type Look = {
  readonly nodes: NodesByName;
  readonly nowMs: number;
  /** RFC 3339 */
  readonly now: string;
  /** Also what only programs can tell. */
  readonly isThorough: boolean;
};

/** A plan, what it was made from, and its text, which is the same for the same plan. */
type Planned = {
  readonly nodes: NodesByName;
  readonly subnets: string;
  readonly plan: NodeNetworkPlan;
  readonly text: string;
};

/** The pod network of this node: compares what is with what the cluster's nodes ask for, and changes the difference. */
export class NodeNetwork {
  readonly #ownNode: string;
  readonly #settings: NetworkSettings;
  #reconciler = new Reconciler();
  #planned: Planned | undefined;
  #links: ReadonlySet<number> = new Set();

  constructor(ownNode: string, settings: NetworkSettings) {
    this.#ownNode = ownNode;
    this.#settings = settings;
  }

  /** Indexes of the links that mattered in the last round. */
  get links(): ReadonlySet<number> {
    return this.#links;
  }

  /** Somebody else manages it from now on: what they change is no drift. */
  release(): void {
    this.#reconciler = new Reconciler();
  }

  /** One round. Changes as little as there is to change, new things before old ones go, the runtime's network last. */
  reconcile(look: Look): Round {
    using socket = openNetlinkSocket(NETLINK.ROUTE);
    const links = new LinkLookup(socket);
    const { plan, text } = this.#plan(look.nodes, readLocalSubnets(socket, links));
    const findings: FoundProblem[] = [...plan.findings];
    const stages = plan.isOwnNodeKnown ? this.#listStages(plan, { socket, look, findings }) : [];
    const round = this.#reconciler.run(stages, text, look.nowMs);
    const overlay = plan.overlay && findLink(socket, plan.overlay.linkName);
    this.#links = new Set([...links.indexes, ...(overlay === undefined ? [] : [overlay.index])]);
    return { ...round, findings: [...findings, ...round.findings], drifts: round.drifts, changes: round.changes };
  }

  /** Made anew where the cluster or the node's own addresses have changed: of thousands of nodes it takes a while. */
  #plan(nodes: NodesByName, localSubnets: readonly LocalSubnet[]): Planned {
    const subnets = serialize(localSubnets);
    if (this.#planned?.nodes !== nodes || this.#planned.subnets !== subnets) {
      const situation = { ownNode: this.#ownNode, nodes: [...nodes.values()], settings: this.#settings, localSubnets };
      const plan = planNodeNetwork(situation);
      this.#planned = { nodes, subnets, plan, text: serialize(plan) };
    }
    return this.#planned;
  }

  #listStages(
    plan: NodeNetworkPlan,
    {
      socket,
      look,
      findings,
    }: { readonly socket: NetlinkSocket; readonly look: Look; readonly findings: FoundProblem[] },
  ): readonly Stage[] {
    const { runDirectory, stateDirectory, configurationDirectory, configurationName } = this.#settings;
    const { rules, overlay, configurationText: text } = plan;
    return [
      () => observeForwarding(plan.forwarding),
      () => (rules === undefined ? [] : [observeRules(rules, { runDirectory, stateDirectory, ...look })]),
      () => (overlay === undefined ? [] : [observeOverlayLink(socket, overlay)]),
      () => {
        const link = overlay && findLink(socket, overlay.linkName);
        if (link?.kind !== 'vxlan' || overlay === undefined) return [];
        const { addresses, peers } = overlay;
        return [...observeOverlayAddresses(socket, link, addresses), ...observeOverlayEntries(socket, link, peers)];
      },
      () => {
        const table = { routes: listNodeRoutes(socket), links: new LinkLookup(socket) };
        const seen = observeRoutes(socket, plan.routes, table);
        findings.push(...seen.findings);
        return seen.observations;
      },
      () => {
        if (text === undefined) return [];
        const path = join(configurationDirectory, configurationName);
        return [observeConfiguration(path, text, () => isManaged(stateDirectory))];
      },
      () => (overlay === undefined ? observeAbandonedOverlay(socket, OVERLAY_LINK) : []),
      () => {
        const lines = text === undefined ? [] : describeOrder(configurationDirectory, configurationName);
        findings.push(...lines.map((line) => describeOtherNetwork(configurationName, line)));
        return [];
      },
    ];
  }
}

/** Addresses are bigints, which JSON has not. */
function serialize(value: unknown): string {
  return JSON.stringify(value, (_key, part: unknown) => (typeof part === 'bigint' ? part.toString(16) : part));
}
