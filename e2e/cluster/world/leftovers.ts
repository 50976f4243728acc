import { readdir, readFile, rm } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { listGroups, removeGroups } from './cgroups.ts';

/** What a keeper says when its bench can be entered. */
export type WorldReport = {
  readonly name: string;
  readonly directory: string;
  /** The first process of the bench, as seen from outside. */
  readonly pid: number;
};

/** On a real disk: overlays of containers do not stack on every file system, and images would fill memory. */
const FOLDER = '/var/tmp';
const NAME = /^podwire-cluster-(\d+)$/;

/** Name of a bench's directory and cgroups: it tells whose they are. */
export const nameWorld = (keeperPid: number): string => `podwire-cluster-${keeperPid}`;

export const worldDirectory = (name: string): string => join(FOLDER, name);

/** Removes cgroups and files of benches whose keeper was killed. */
export async function sweepWorlds(): Promise<void> {
  const names = new Set([...(await readdir(FOLDER)), ...(await listGroups())]);
  for (const name of names) {
    const pid = NAME.exec(name)?.[1];
    if (pid === undefined || (await isKeeper(pid))) continue;
    await removeGroups(name);
    await rm(worldDirectory(name), { recursive: true, force: true });
  }
}

async function isKeeper(pid: string): Promise<boolean> {
  const words = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '');
  return words.split('\0').some((word) => basename(word) === 'keeper.ts');
}
