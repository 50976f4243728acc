import type { Attachment, Evidence } from '#model/topology/topology.ts';

const WORDS: Record<Evidence, string> = {
  'cni-event': 'CNI event',
  'netns-inode': 'namespace inode',
  mac: 'MAC',
  ip: 'IP address',
};

/** How it is known that this wire is this pod's, strongest evidence first: `wired by CNI event · namespace inode`. */
export function describeEvidence(attachment: Attachment): string {
  const evidence = attachment.evidence.map((kind) => WORDS[kind]).join(' · ');
  return evidence === '' ? 'nothing tells whose wire this is' : `joined by ${evidence}`;
}
