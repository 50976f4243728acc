import { spawnSync } from 'node:child_process';
import { cpSync, globSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { stripTypeScriptTypes } from 'node:module';
import { join } from 'node:path';

/** Built by `bootstrap.sh build`, or read by the server as it is: Node takes the types away itself. */
const SOURCES = ['dist/podwire', '.next', 'model', 'server', 'package.json'];

/** Of the web build: what only the next build reads. */
const BUILD_LEFTOVERS = ['cache', 'diagnostics', 'trace', 'trace-build', 'types', 'build'];

/**
 * Packages of `npm install --omit=dev` that a running server does not load: the Node that is put into /usr/local/bin
 * instead, the compiler of the web build, and what other packages would use if it were there (peers of Next.js).
 */
const UNUSED_PACKAGES = [
  'node',
  '@next/swc-*',
  '@img',
  'sharp',
  'playwright',
  'playwright-core',
  'caniuse-lite',
  'typescript',
];
const UNUSED_FILES = ['**/*.map', '**/*.d.{ts,mts,cts}', '**/*.md'];

/**
 * Puts together what the image has beside its base, as a tree whose root becomes the root of the image: /opt/podwire and two
 * names in /usr/local/bin.
 */
function assembleImage(root: string, target: string): void {
  const house = join(target, 'opt', 'podwire');
  mkdirSync(join(target, 'usr', 'local', 'bin'), { recursive: true });
  for (const source of SOURCES) {
    const filter = (path: string): boolean => !/\.test\.tsx?$|\/testing$/.test(path);
    cpSync(join(root, source), join(house, source), { recursive: true, filter });
  }
  for (const name of BUILD_LEFTOVERS) rmSync(join(house, '.next', name), { recursive: true, force: true });
  writeFileSync(
    // In TypeScript, Next.js would look for its compiler to read it.
    join(house, 'next.config.mjs'),
    stripTypeScriptTypes(readFileSync(join(root, 'next.config.ts'), 'utf8')),
  );
  mkdirSync(join(house, 'app'));
  cpSync(process.execPath, join(target, 'usr', 'local', 'bin', 'node'));
  symlinkSync('/opt/podwire/dist/podwire', join(target, 'usr', 'local', 'bin', 'podwire'));
  installPackages(root, house);
}

/** From the packages that are there: the registry is not asked again. */
function installPackages(root: string, house: string): void {
  for (const name of ['package-lock.json', '.npmrc', 'node_modules']) {
    cpSync(join(root, name), join(house, name), { recursive: true, verbatimSymlinks: true });
  }
  const npm = spawnSync('npm', ['prune', '--omit=dev', '--ignore-scripts', '--no-audit', '--offline'], {
    cwd: house,
    stdio: 'inherit',
  });
  if (npm.status !== 0) throw new Error(`npm prune failed with ${npm.status ?? npm.error?.message}`);
  rmSync(join(house, '.npmrc'));
  const modules = join(house, 'node_modules');
  for (const path of globSync([...UNUSED_PACKAGES, ...UNUSED_FILES], { cwd: modules })) {
    rmSync(join(modules, path), { recursive: true, force: true });
  }
}

const [target] = process.argv.slice(2);
if (target === undefined) throw new Error('usage: node deploy/assemble-image.ts FOLDER');
assembleImage(join(import.meta.dirname, '..'), target);
