import type { LabUnderFire } from './lab-under-fire.ts';

const RECORD = '/var/lib/podwire/witness';

/**
 * What stands in the plugin's place: it writes down who was asked for what and how it ended, past plugin, journal, agent and
 * collector, and lets the real executable do the work. One `echo`, one write: lines of parallel invocations stay whole.
 */
const WITNESS = `#!/bin/sh
/opt/podwire/podwire
code=$?
echo "$CNI_COMMAND $CNI_CONTAINERID $CNI_IFNAME $code" >> ${RECORD}
exit $code
`;

/** Puts the witness in the plugin's place on a node. */
export async function placeWitness(lab: LabUnderFire, node: string): Promise<void> {
  const place = 'umount /opt/cni/bin/podwire; rm -f /opt/cni/bin/podwire; printf %s "$1" > /opt/cni/bin/.new';
  const rename = 'chmod 755 /opt/cni/bin/.new; mv /opt/cni/bin/.new /opt/cni/bin/podwire';
  await lab.onNode(node, 'sh', '-c', `${place}; ${rename}`, 'sh', WITNESS);
}

/** Every invocation on the node, `ADD <container id> <interface> <exit code>`, sorted. */
export async function readWitness(lab: LabUnderFire, node: string): Promise<readonly string[]> {
  const text = await lab.onNode(node, 'cat', RECORD);
  return text.trimEnd().split('\n').toSorted();
}
