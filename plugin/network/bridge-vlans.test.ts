import { describe, expect, it } from 'vitest';
import { decodePortVlans, describeBridgeVlan, describePortVlans, describeVlanRemoval } from './bridge-vlans.ts';
import { describeVlanLink } from './vlan-link.ts';

const port = { index: 5, name: 'veth0' };
const bridge = { index: 2, name: 'br0' };

/** `struct ifinfomsg` of AF_BRIDGE and an index, then IFLA_AF_SPEC (26) of the given length. */
const header = (index: string, specLength: string): string =>
  `07000000${index}000000${'00'.repeat(8)}${specLength}001a00`;

/**
 * Bytes as iproute2 6.1 sends them (strace -x -e sendmsg), behind the netlink header. They hold on kernels that were built
 * without VLANs too, where nothing else can be tried.
 */
describe('a request about VLANs has the bytes of', () => {
  it.each([
    [
      'bridge vlan add vid 100 pvid untagged dev veth0',
      describePortVlans(port, { access: 100, trunk: [], isDefaultKept: true }),
      { type: 19, bytes: `${header('05', '0c')}0800020006006400` },
    ],
    [
      'bridge vlan add vid 100-200 dev veth0, and of one VLAN more',
      describePortVlans(port, {
        access: undefined,
        trunk: [
          { first: 100, last: 200 },
          { first: 300, last: 300 },
        ],
        isDefaultKept: true,
      }),
      { type: 19, bytes: `${header('05', '1c')}0800020008006400080002001000c8000800020000002c01` },
    ],
    [
      'bridge vlan del vid 1 dev veth0',
      describeVlanRemoval(port, 1),
      { type: 17, bytes: `${header('05', '0c')}0800020000000100` },
    ],
    [
      'bridge vlan add vid 100 dev br0 self',
      describeBridgeVlan(bridge, 100),
      { type: 19, bytes: `${header('02', '14')}06000000020000000800020000006400` },
    ],
  ])('%s', (_, { type, body }, expected) => {
    expect({ type, bytes: body.toHex() }).toEqual(expected);
  });

  it('ip link add link br0 name br0.100 type vlan id 100', () => {
    const { type, flags, body } = describeVlanLink(bridge, 100);
    expect([type, flags]).toEqual([16, 0x600]);
    const attributes = '0800050002000000' + '0c0003006272302e31303000';
    // LINKINFO and INFO_DATA carry NLA_F_NESTED here; the kernel masks it off.
    const info = '1c001280' + '09000100766c616e00000000' + '0c000280' + '0600010064000000';
    expect(body.toHex()).toBe(`${'00'.repeat(16)}${attributes}${info}`);
  });
});

describe('the VLANs of a port', () => {
  it('are read with what they mean for untagged frames', () => {
    const spec = '1400' + '1a00' + '0800020000000100' + '0800020006006400';
    const body = Uint8Array.fromHex(`07000000${'05000000'}${'00'.repeat(8)}${spec}`);
    expect(decodePortVlans(body)).toEqual([
      { vlan: 1, isPvid: false, isUntagged: false },
      { vlan: 100, isPvid: true, isUntagged: true },
    ]);
  });

  it('are none where the kernel tells none', () => {
    expect(decodePortVlans(Uint8Array.fromHex(`07000000${'05000000'}${'00'.repeat(8)}`))).toEqual([]);
  });
});
