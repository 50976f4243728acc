import { existsSync } from 'node:fs';
import { homedir } from 'node:os';
import { join, resolve } from 'node:path';
import { buildKubernetes, locateKubernetes } from './build-kubernetes.ts';
import { KUBERNETES_PROGRAMS, type Programs } from './programs.ts';
import { locateDebianTree, unpackDebianPackages } from './unpack-debian-packages.ts';

const REPOSITORY = resolve(import.meta.dirname, '../..');

/** Where what is built and fetched once is kept, outside of every checkout. */
const CACHE = join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'podwire');

const locatePrograms = (kubernetes: string, debian: string): Programs => ({
  kubernetes,
  debian,
  busybox: join(debian, 'usr/bin/busybox'),
  podwire: join(REPOSITORY, 'dist/podwire'),
});

/** Builds and fetches what the bench runs, where it is not there yet. */
export async function providePrograms(say: (line: string) => void): Promise<Programs> {
  const debian = await unpackDebianPackages(CACHE, say);
  return locatePrograms(await buildKubernetes(CACHE, say), debian);
}

/** The same programs where they are there already. @throws where one is missing */
export function findPrograms(): Programs {
  const programs = locatePrograms(locateKubernetes(CACHE), locateDebianTree(CACHE));
  const paths = [
    ...KUBERNETES_PROGRAMS.map((name) => join(programs.kubernetes, name)),
    programs.busybox,
    programs.podwire,
  ];
  const missing = paths.find((path) => !existsSync(path));
  if (missing !== undefined) throw new Error(`${missing} is missing; npm run test:cluster makes it`);
  return programs;
}
