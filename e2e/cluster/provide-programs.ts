import { existsSync } from 'node:fs';
import { homedir } from 'node:os';
import { join, resolve } from 'node:path';
import { ensureHelm, findHelm } from '../../deploy/find-helm.ts';
import { buildKubernetes, locateKubernetes } from './build-kubernetes.ts';
import { KUBERNETES_PROGRAMS, type Programs } from './programs.ts';
import { locateDebianTree, unpackDebianPackages } from './unpack-debian-packages.ts';

const REPOSITORY = resolve(import.meta.dirname, '../..');

/** Where what is built and fetched once is kept, outside of every checkout. */
const CACHE = join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'podwire');

type Provided = Pick<Programs, 'kubernetes' | 'debian' | 'helm'>;

const locatePrograms = ({ kubernetes, debian, helm }: Provided): Programs => ({
  kubernetes,
  debian,
  helm,
  busybox: join(debian, 'usr/bin/busybox'),
  podwire: join(REPOSITORY, 'dist/podwire'),
  image: join(REPOSITORY, 'dist/podwire-image.tar'),
  deploy: join(REPOSITORY, 'deploy'),
});

/** Builds and fetches what the bench runs, where it is not there yet. */
export async function providePrograms(say: (line: string) => void): Promise<Programs> {
  const debian = await unpackDebianPackages(CACHE, say);
  const kubernetes = await buildKubernetes(CACHE, say);
  if (findHelm() === undefined) say('building helm from its Go module');
  const helm = ensureHelm();
  if ('obstacle' in helm) throw new Error(helm.obstacle);
  return locatePrograms({ kubernetes, debian, helm: helm.path });
}

/** The same programs where they are there already. @throws where one is missing */
export function findPrograms(): Programs {
  const programs = locatePrograms({
    kubernetes: locateKubernetes(CACHE),
    debian: locateDebianTree(CACHE),
    helm: findHelm() ?? join(CACHE, 'helm'),
  });
  const paths = [
    ...KUBERNETES_PROGRAMS.map((name) => join(programs.kubernetes, name)),
    programs.busybox,
    programs.podwire,
    programs.image,
    programs.helm,
  ];
  const missing = paths.find((path) => !existsSync(path));
  if (missing !== undefined) throw new Error(`${missing} is missing; npm run test:cluster makes it`);
  return programs;
}
