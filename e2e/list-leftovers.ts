import { readdirSync, readFileSync, readlinkSync } from 'node:fs';

const readQuietly = (read: () => string): string => {
  try {
    return read();
  } catch {
    return '';
  }
};

/**
 * Processes that belong to a server: its data directory is in their environment or command line, or they sit in one of
 * the given network namespaces. One line each. Zombies have no namespace left and are nobody's.
 */
export function listLeftoverProcesses(dataDirectory: string, namespaceIds: ReadonlySet<string>): readonly string[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name) && name !== String(process.pid))
    .flatMap((pid) => {
      const environment = readQuietly(() => readFileSync(`/proc/${pid}/environ`, 'utf8'));
      const command = readQuietly(() => readFileSync(`/proc/${pid}/cmdline`, 'utf8'));
      const namespace = readQuietly(() => readlinkSync(`/proc/${pid}/ns/net`)).match(/\d+/)?.[0] ?? '';
      const isOurs =
        environment.includes(dataDirectory) || command.includes(dataDirectory) || namespaceIds.has(namespace);
      return isOurs ? [`${pid} ${command.replaceAll('\0', ' ').slice(0, 120)}`] : [];
    });
}

/** Mounts of the given network namespaces (`nsfs net:[4026532000]`) in any process' view: they would keep them alive. */
export function listLeftoverMounts(namespaceIds: ReadonlySet<string>): readonly string[] {
  const lines = readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((pid) => readQuietly(() => readFileSync(`/proc/${pid}/mountinfo`, 'utf8')).split('\n'))
    .filter((line) => namespaceIds.has(line.match(/net:\[(\d+)\]/)?.[1] ?? ''));
  return [...new Set(lines)];
}
