import { closeSync, openSync } from 'node:fs';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import type { Server } from 'node:http';
import { join } from 'node:path';
import type { LabOptions } from '../lab-options.ts';
import { API_SOCKET_NAME, API_TOKEN_NAME, apiDirectory } from '../machine/boot-machine.ts';

/**
 * Opens the API on a Unix socket for the nodes, whose networks have no way out of the lab, and lays the token beside it. The
 * socket's path is one below /proc: the lab's directory may be deeper than the 107 bytes of unix(7).
 */
export async function listenForAgents(http: Server, { directory, token }: LabOptions): Promise<void> {
  const folder = apiDirectory(directory);
  await mkdir(folder, { recursive: true });
  await rm(join(folder, API_SOCKET_NAME), { force: true });
  await writeFile(join(folder, API_TOKEN_NAME), token, { mode: 0o600 });
  const fd = openSync(folder, 'r');
  try {
    await new Promise<void>((listening, failed) =>
      http.once('error', failed).listen(`/proc/self/fd/${fd}/${API_SOCKET_NAME}`, listening),
    );
  } finally {
    closeSync(fd);
  }
}
