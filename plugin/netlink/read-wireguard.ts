import type { Link } from '#model/kernel/kernel-snapshot.ts';
import type { WireguardDevice } from '#model/kernel/wireguard-device.ts';
import { blankSecrets, joinWireguardPart } from './decode-wireguard.ts';
import { encodeString, encodeU32, indexAttributes, joinBytes, readU16 } from './netlink-message.ts';
import { NetlinkError, type NetlinkSocket, openNetlinkSocket } from './netlink-socket.ts';
import { NETLINK } from './netlink-tables.ts';

/** include/uapi/linux/genetlink.h: GENL_ID_CTRL, CTRL_CMD_GETFAMILY and enum of CTRL_ATTR_* */
const CONTROLLER = 16;
const GET_FAMILY = 3;
const FAMILY = { ID: 1, NAME: 2 } as const;

/** WG_CMD_GET_DEVICE and WGDEVICE_A_IFINDEX. include/uapi/linux/wireguard.h */
const GET_DEVICE = 0;
const DEVICE_INDEX = 1;

/** struct genlmsghdr: command, version, reserved. */
const genlmsghdr = (command: number): Uint8Array => Uint8Array.of(command, 1, 0, 0);

/**
 * Reads the peers of every WireGuard link of a namespace; nothing is opened where it has none.
 * @param enter runs its work with the calling thread in the namespace
 */
export function readWireguard(links: readonly Link[], enter: <T>(work: () => T) => T): WireguardDevice[] {
  const wanted = links.filter(({ kind }) => kind === 'wireguard');
  if (wanted.length === 0) return [];
  using socket = enter(() => openNetlinkSocket(NETLINK.GENERIC));
  const family = findFamily(socket, 'wireguard');
  return family === undefined ? [] : wanted.flatMap(({ index }) => readDevice(socket, family, index) ?? []);
}

function readDevice(socket: NetlinkSocket, family: number, index: Link['index']): WireguardDevice | undefined {
  const body = joinBytes(genlmsghdr(GET_DEVICE), encodeU32(DEVICE_INDEX, index));
  return orNothing(() => {
    const parts = socket.dumpEach({ type: family, body, object: `WireGuard link ${index}` }, ({ body: part }) => {
      blankSecrets(part);
      return part.slice();
    });
    return parts.reduce<WireguardDevice>(joinWireguardPart, { linkIndex: index, peers: [] });
  });
}

/** @returns `undefined` where the kernel has none of this name */
function findFamily(socket: NetlinkSocket, name: string): number | undefined {
  const body = joinBytes(genlmsghdr(GET_FAMILY), encodeString(FAMILY.NAME, name));
  const [answer] = orNothing(() => socket.request({ type: CONTROLLER, body, object: `netlink family ${name}` })) ?? [];
  const id = answer && indexAttributes(answer.body, 4).get(FAMILY.ID);
  return id && readU16(id);
}

/** The link went meanwhile, it is no WireGuard link any more, or it is not ours to read. */
function orNothing<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch (error) {
    if (error instanceof NetlinkError && ['ENODEV', 'ENOENT', 'EOPNOTSUPP', 'EPERM'].includes(error.code)) {
      return undefined;
    }
    throw error;
  }
}
