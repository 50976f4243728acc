import { describe, expect, it } from 'vitest';
import type { Attachment } from '#model/topology/topology.ts';
import { readLabNode } from '../node/read-fixture.ts';
import { compareAttachment, countDifferences } from './compare-attachment.ts';
import { readPodIps } from './read-pod-ips.ts';
import { readProof } from './read-proof.ts';

function nginx1(): Attachment {
  const found = Object.values(readLabNode().attachments).find((attachment) => attachment.pod === 'default/nginx1');
  if (found === undefined) {
    throw new Error('the recorded node has no nginx1');
  }
  return found;
}

const verdicts = (attachment: Attachment, node = readLabNode()) =>
  Object.fromEntries(compareAttachment(node, attachment).map((row) => [row.label, row.verdict]));

describe('compareAttachment', () => {
  it('finds that the kernel has what ADD reported for nginx1', () => {
    const rows = compareAttachment(readLabNode(), nginx1());
    expect(rows.map((row) => [row.label, row.reported, row.kernel])).toEqual([
      ['address', '10.240.2.3/24', '10.240.2.3/24'],
      ['gateway', '10.240.2.1', '10.240.2.1'],
      ['MAC', '0a:58:0a:f0:02:03', '0a:58:0a:f0:02:03'],
      ['MTU', '1500', '1500'],
      ['host veth', 'vethbb7160361f9', 'vethbb7160361f9 #5'],
      ['bridge', 'cni0', 'cni0'],
    ]);
    expect(rows.every((row) => row.verdict === 'same')).toBe(true);
    expect(countDifferences(rows)).toBe(0);
  });

  it('marks a MAC that somebody changed after ADD, and an address that is gone', () => {
    const node = readLabNode();
    const attachment = nginx1();
    const key = `${attachment.namespaceId}/${attachment.podLinkIndex}`;
    const links = { ...node.links, [key]: { ...node.links[key]!, mac: '02:00:00:00:00:01' } };
    const rows = compareAttachment({ ...node, links, addresses: {} }, attachment);
    expect(rows.filter((row) => row.verdict === 'different').map((row) => [row.label, row.kernel])).toEqual([
      ['address', 'none'],
      ['MAC', '02:00:00:00:00:01'],
    ]);
    expect(countDifferences(rows)).toBe(2);
  });

  it('claims no difference where one side is silent', () => {
    const { reported: _, ...unreported } = nginx1();
    expect(new Set(Object.values(verdicts(unreported)))).toEqual(new Set(['unreported']));
    const unread = { ...readLabNode(), namespaces: {}, links: {} };
    expect(new Set(Object.values(verdicts(nginx1(), unread)))).toEqual(new Set(['unread']));
  });
});

describe('readPodIps', () => {
  it('reads the address of the wire, and nothing where the kernel was not read', () => {
    expect(readPodIps(readLabNode(), [nginx1()])).toEqual(['10.240.2.3']);
    expect(readPodIps({ ...readLabNode(), links: {} }, [nginx1()])).toBeUndefined();
  });
});

describe('readProof', () => {
  it('names the kernel records from the pod to the bridge', () => {
    const titles = readProof(readLabNode(), nginx1()).map((record) => record.title);
    expect(titles).toContain('link eth0, pod');
    expect(titles).toContain('address 10.240.2.3/24, pod');
    expect(titles).toContain('route default, pod');
    expect(titles).toContain('link vethbb7160361f9, host');
    expect(titles).toContain('link cni0, bridge');
  });
});
