// Exits 0 when node_modules holds what package-lock.json asks for. Runs on Node 20, before anything is installed.
// npm writes node_modules/.package-lock.json as the last act of an install, so an interrupted one counts as missing.
import { readFileSync } from 'node:fs';

/** @param {string} path */
const readPackages = (path) => JSON.parse(readFileSync(path, 'utf8')).packages;

try {
  const wanted = readPackages('package-lock.json');
  const installed = readPackages('node_modules/.package-lock.json');
  const isCurrent = Object.entries(wanted).every(
    ([path, { version, optional }]) =>
      path === '' || (installed[path] === undefined ? optional === true : installed[path].version === version),
  );
  process.exitCode = isCurrent ? 0 : 1;
} catch {
  process.exitCode = 1;
}
