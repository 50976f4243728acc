import { describe, expect, it } from 'vitest';
import { encodeU32, joinBytes, type NetlinkMessage } from '#plugin/netlink/netlink-message.ts';
import { AF, NETCONFA, RT_SCOPE, RTM, RTPROT } from '#plugin/netlink/netlink-tables.ts';
import { concernsNetwork } from './concerns-network.ts';

const uplinks = new Set([2]);
const messageOf = (type: number, body: Uint8Array): NetlinkMessage => ({
  ...{ type, flags: 0, sequence: 0, portId: 0 },
  body,
});

function linkMessage(type: number, index: number): NetlinkMessage {
  const body = new Uint8Array(16);
  new DataView(body.buffer).setInt32(4, index, true);
  return messageOf(type, body);
}

const addressMessage = (scope: number) => messageOf(RTM.NEWADDR, new Uint8Array([AF.INET6, 64, 0, scope, 9, 0, 0, 0]));
const routeMessage = (protocol: number) =>
  messageOf(RTM.DELROUTE, new Uint8Array([AF.INET, 24, 0, 0, 254, protocol, 0, 1, 0, 0, 0, 0]));
const netconfMessage = (index: number) =>
  messageOf(RTM.NEWNETCONF, joinBytes(new Uint8Array([AF.INET]), encodeU32(NETCONFA.IFINDEX, index >>> 0)));

describe('what a pod that comes or goes makes the kernel tell', () => {
  it.each([
    ['its link', linkMessage(RTM.NEWLINK, 9)],
    ['the end of its link', linkMessage(RTM.DELLINK, 9)],
    ['its neighbour', linkMessage(RTM.NEWNEIGH, 9)],
    ['the link-local address of its link', addressMessage(RT_SCOPE.LINK)],
    ['the routes of that', routeMessage(RTPROT.KERNEL)],
    ['the settings of its link', netconfMessage(9)],
  ])('does not concern the network of the node: %s', (_what, message) => {
    expect(concernsNetwork(message, uplinks)).toBe(false);
  });
});

describe('the network of the node is concerned by', () => {
  it.each([
    ['a link to other nodes', linkMessage(RTM.NEWLINK, 2)],
    ['an entry of the overlay', linkMessage(RTM.DELNEIGH, 2)],
    ['an address that others reach', addressMessage(RT_SCOPE.UNIVERSE)],
    ['a route that somebody set or deleted', routeMessage(RTPROT.BOOT)],
    ['a route of ours', routeMessage(RTPROT.PODWIRE)],
    ['forwarding of the whole node', netconfMessage(-1)],
    ['whatever is not known here', messageOf(4711, new Uint8Array(4))],
  ])('%s', (_what, message) => {
    expect(concernsNetwork(message, uplinks)).toBe(true);
  });
});
