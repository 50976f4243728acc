import { expect, test } from 'vitest';
import { Qdisc, TcFilter } from '#model/kernel/traffic-control.ts';
import { decodeQdisc, decodeTcFilter, listFilterParents } from './decode-traffic-control.ts';
import { encodeAttribute, encodeNested, encodeString, encodeU32, joinBytes } from './netlink-message.ts';

/** struct tcmsg of link 5. include/uapi/linux/rtnetlink.h */
function header(fields: { readonly handle: number; readonly parent: number; readonly info?: number }): Uint8Array {
  const bytes = new Uint8Array(20);
  const view = new DataView(bytes.buffer);
  view.setInt32(4, 5, true);
  view.setUint32(8, fields.handle, true);
  view.setUint32(12, fields.parent, true);
  view.setUint32(16, fields.info ?? 0, true);
  return bytes;
}
const TCA_KIND = 1;
const TCA_OPTIONS = 2;

test('clsact is told with both of its hooks to ask for filters', () => {
  const qdisc = decodeQdisc(
    joinBytes(header({ handle: 0xffff0000, parent: 0xfffffff1 }), encodeString(TCA_KIND, 'clsact')),
  );
  expect(Qdisc.parse(qdisc)).toMatchObject({ linkIndex: 5, kind: 'clsact', handle: 'ffff:', parent: 'ffff:fff1' });
  expect(qdisc && listFilterParents(qdisc)).toEqual([0xfffffff2, 0xfffffff3]);
});

test('a qdisc with classes is asked for the filters of its root', () => {
  const qdisc = decodeQdisc(joinBytes(header({ handle: 0x10000, parent: 0xffffffff }), encodeString(TCA_KIND, 'htb')));
  expect(qdisc).toMatchObject({ handle: '1:', parent: 'root' });
  expect(qdisc && listFilterParents(qdisc)).toEqual([0x10000]);
});

test('the qdisc that the kernel gives every link is left out', () => {
  expect(
    decodeQdisc(joinBytes(header({ handle: 0, parent: 0xffffffff }), encodeString(TCA_KIND, 'noqueue'))),
  ).toBeUndefined();
});

test('a BPF program at the ingress hook is told with its name, number and tag', () => {
  // ETH_P_ALL in the order of the network, priority 49152.
  const info = (49152 << 16) | 0x0300;
  const options = encodeNested(
    TCA_OPTIONS,
    encodeString(7, 'cil_from_container'),
    encodeU32(8, 1),
    encodeAttribute(10, Uint8Array.fromHex('bcf7977d3b93787c')),
    encodeU32(11, 812),
  );
  const filter = decodeTcFilter(
    joinBytes(
      header({ handle: 1, parent: 0xfffffff2, info }),
      encodeString(TCA_KIND, 'bpf'),
      encodeU32(11, 0),
      options,
    ),
  );
  expect(TcFilter.parse(filter)).toMatchObject({
    linkIndex: 5,
    parent: 'ingress',
    kind: 'bpf',
    priority: 49152,
    protocol: 'all',
    handle: 1,
    bpf: { name: 'cil_from_container', id: 812, tag: 'bcf7977d3b93787c' },
  });
});

test('the head of the filters of one priority classifies nothing and is left out', () => {
  const body = joinBytes(header({ handle: 0, parent: 0xfffffff3 }), encodeString(TCA_KIND, 'u32'));
  expect(decodeTcFilter(body)).toBeUndefined();
});
