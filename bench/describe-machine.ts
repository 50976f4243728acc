import { execFileSync } from 'node:child_process';
import { cpus, loadavg, release, totalmem } from 'node:os';

function readPackageVersion(name: string): string {
  try {
    return execFileSync('dpkg-query', ['-W', '-f', `\${Version}`, name], { encoding: 'utf8' });
  } catch {
    return 'version unknown';
  }
}

/** Where the numbers come from, in one line: cores, memory, kernel, versions, and how busy it was. */
export function describeMachine(): string {
  const cores = cpus();
  return [
    `${cores.length} cores (${cores[0]?.model.trim() ?? 'unknown'})`,
    `${Math.round(totalmem() / 2 ** 30)} GiB`,
    `Linux ${release()}`,
    `containernetworking-plugins ${readPackageVersion('containernetworking-plugins')}`,
    `Node ${process.versions.node} as the runtime`,
    `load average ${loadavg()[0]?.toFixed(1) ?? 'unknown'} before`,
  ].join(', ');
}
