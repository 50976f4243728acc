import { InvocationEvent } from '#model/cni/invocation-event.ts';
import { readInLab } from './call-api.ts';

/** Every invocation that the executable itself wrote down on this node, oldest first: past agent and collector. */
export async function readJournal(server: string, node: string): Promise<readonly InvocationEvent[]> {
  const lines = await readInLab(server, `nodes/${node}`, ['cat', '/var/lib/podwire/journal/invocations.ndjson']);
  return lines
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => InvocationEvent.parse(JSON.parse(line)));
}
