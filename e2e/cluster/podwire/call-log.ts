import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { runOrThrow } from '#lab/run-command.ts';
import { NODE_PATHS } from '../node/boot-node.ts';
import type { ClusterNode } from '../start-cluster.ts';

const PLUGIN = '/opt/cni/bin/podwire';
const WITNESS = `${NODE_PATHS.witness}/podwire`;
const LOG = '/var/log/cni-calls.log';

/**
 * Stands where the runtime looks first, writes down the call in one write, and becomes the plugin, whichever is installed then. Builtins of the shell only:
 * nothing is forked, and what the runtime waits for, kills or reads is the plugin itself.
 */
const WRAPPER = `#!/bin/sh
printf '%s|%s|%s|%s\\n' "$CNI_COMMAND" "$CNI_CONTAINERID" "$CNI_IFNAME" "$CNI_NETNS" >>${LOG}
exec ${PLUGIN}
`;

/** One call of the plugin by the runtime, as the runtime made it. */
export type CniCall = {
  readonly verb: string;
  readonly containerId: string;
  readonly ifName: string;
  /** Empty in the DEL of a sandbox that has lost its namespace. */
  readonly netns: string;
};

/** Puts the witness in front of the plugin: whatever installs or replaces that does not touch it. */
export async function watchCalls(node: ClusterNode): Promise<void> {
  await writeFile(join(node.root, `${WITNESS}.new`), WRAPPER, { mode: 0o755 });
  await runOrThrow([...node.enter, 'mv', `${WITNESS}.new`, WITNESS]);
}

/** Every call since, oldest first. */
export async function readCalls(node: ClusterNode): Promise<readonly CniCall[]> {
  const text = await readFile(join(node.root, LOG), 'utf8').catch(() => '');
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => {
      const [verb = '', containerId = '', ifName = '', netns = ''] = line.split('|');
      return { verb, containerId, ifName, netns };
    });
}
