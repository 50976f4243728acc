import { spawn } from 'node:child_process';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { LabOptions } from '../lab-options.ts';
import { renderNginxConfiguration } from '../runtime/nginx-bundle.ts';
import type { NamespaceHolder } from './namespace-holder.ts';

/** The internet's web server: 1.1.1.1 redirects, 8.8.8.8 tells the address that the request came from. */
export async function startInternetServer(internet: NamespaceHolder, options: LabOptions): Promise<void> {
  const directory = join(options.directory, 'internet');
  await mkdir(directory, { recursive: true });
  const configuration = renderNginxConfiguration(`
  server { listen 1.1.1.1:80; return 301 https://one.one.one.one/; }
  server { listen 80 default_server; return 200 "the internet at $server_addr sees $remote_addr\\n"; }`);
  const path = join(directory, 'nginx.conf');
  await writeFile(path, configuration.replaceAll('/tmp/', `${directory}/`));
  const command = [...internet.enter, options.images.nginxOnMachine, '-c', path, '-e', join(directory, 'error.log')];
  const child = spawn(command[0] ?? '', command.slice(1), { stdio: 'ignore', detached: true });
  child.on('error', (error) => console.error('internet host:', error));
}
