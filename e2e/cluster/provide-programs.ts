import { homedir } from 'node:os';
import { join, resolve } from 'node:path';
import { buildKubernetes } from './build-kubernetes.ts';
import type { Programs } from './programs.ts';
import { unpackDebianPackages } from './unpack-debian-packages.ts';

const REPOSITORY = resolve(import.meta.dirname, '../..');

/** Where what is built and fetched once is kept, outside of every checkout. */
export const cacheDirectory = (): string => join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'podwire');

/** Builds and fetches what the bench runs, where it is not there yet. */
export async function providePrograms(say: (line: string) => void): Promise<Programs> {
  const cache = cacheDirectory();
  const debian = await unpackDebianPackages(cache, say);
  return {
    kubernetes: await buildKubernetes(cache, say),
    debian,
    busybox: join(debian, 'usr/bin/busybox'),
    podwire: join(REPOSITORY, 'dist/podwire'),
  };
}
