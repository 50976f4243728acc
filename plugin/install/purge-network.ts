import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { DEFAULT_BRIDGE_NAME, OVERLAY_LINK } from '#plugin/configuration/link-names.ts';
import { type NetlinkSocket, openNetlinkSocket } from '#plugin/netlink/netlink-socket.ts';
import { NETLINK } from '#plugin/netlink/netlink-tables.ts';
import { deleteLink } from '#plugin/network/change-link.ts';
import { describeRoute } from '#plugin/network/interface-routes.ts';
import type { LinkFacts } from '#plugin/network/link-message.ts';
import { listLinks } from '#plugin/network/list-links.ts';
import { deleteNodeRoute, isOurRoute, listNodeRoutes } from '#plugin/network/node-routes.ts';
import { removeAllRules } from '#plugin/network/remove-all-rules.ts';

const TIMEOUT_MS = 20_000;

export type NetworkPurge = {
  /** What was done, as the commands that do the same. */
  readonly commands: readonly string[];
  /** What stays, and why. */
  readonly problems: readonly string[];
};

/**
 * Takes off the kernel what a bridge without pods leaves: rules, routes to the other nodes, the overlay's link and the bridges
 * of that name that have no port. Forwarding stays on: others may have come to rely on it (docs/adr/0055).
 * @param bridgeNames of networks that were Podwire's
 */
export function purgeNetwork(bridgeNames: ReadonlySet<string>): NetworkPurge {
  const commands: string[] = [];
  const problems: string[] = [];
  const attempt = (what: string, work: () => readonly string[]): void => {
    try {
      commands.push(...work());
    } catch (error) {
      problems.push(`${what} stay: ${error instanceof Error ? error.message : String(error)}`);
    }
  };
  using socket = openNetlinkSocket(NETLINK.ROUTE, TIMEOUT_MS);
  attempt('rules', () => removeAllRules(TIMEOUT_MS));
  attempt('routes', () => removeRoutes(socket));
  attempt('links', () => removeLinks(socket, bridgeNames));
  return { commands, problems };
}

function removeRoutes(socket: NetlinkSocket): readonly string[] {
  return listNodeRoutes(socket)
    .filter(isOurRoute)
    .filter((route) => deleteNodeRoute(socket, route))
    .map(({ destination, gateway }) => `ip route del ${describeRoute({ destination, gateway })} proto 112`);
}

function removeLinks(socket: NetlinkSocket, bridgeNames: ReadonlySet<string>): readonly string[] {
  const links = listLinks(socket);
  const isUnused = ({ index }: LinkFacts): boolean => !links.some(({ masterIndex }) => masterIndex === index);
  const own = links.filter(
    (link) =>
      (link.kind === 'vxlan' && link.name === OVERLAY_LINK) ||
      (link.kind === 'bridge' && bridgeNames.has(link.name) && isUnused(link)),
  );
  for (const link of own) deleteLink(socket, link);
  return own.map(({ name }) => `ip link del ${name}`);
}

/** The bridges of networks that pods were added to since the node started, as the plugin remembers them. */
export function recallBridgeNames(runDirectory: string): ReadonlySet<string> {
  return new Set(
    list(runDirectory)
      .filter((name) => name.startsWith('config-'))
      .flatMap((name) => {
        try {
          const { config } = JSON.parse(readFileSync(join(runDirectory, name), 'utf8')) as {
            readonly config?: { readonly plugins?: readonly { readonly [key: string]: unknown }[] };
          };
          const plugin = config?.plugins?.find(({ type, mode }) => type === 'podwire' && mode !== 'tap');
          return plugin === undefined ? [] : [typeof plugin.bridge === 'string' ? plugin.bridge : DEFAULT_BRIDGE_NAME];
        } catch {
          return [];
        }
      }),
  );
}

function list(folder: string): readonly string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}
