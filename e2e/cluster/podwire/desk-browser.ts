import { existsSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Browser, chromium } from '@playwright/test';
import type { Desk } from './desk.ts';

const CHROMIUM =
  ['/usr/bin/chromium', '/usr/bin/chromium-browser'].find((path) => existsSync(path)) ?? '/usr/bin/chromium';
const FLAGS = ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking'];

/** The system's Chromium, in the network of the desk: what it reaches, a person at the desk reaches. */
export async function openDeskBrowser({ machine, folder }: Desk): Promise<Browser> {
  const executablePath = join(folder, 'chromium');
  const program = `#!/bin/sh\nexec nsenter -t ${machine.pid} -n -- ${CHROMIUM} "$@"\n`;
  await writeFile(executablePath, program, { mode: 0o755 });
  return await chromium.launch({ executablePath, args: FLAGS });
}
