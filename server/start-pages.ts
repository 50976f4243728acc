import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fail, type Result, succeed } from '#model/result.ts';
import type { Config, Obstacle } from './config.ts';
import type { HttpServer } from './http-server.ts';

/**
 * Puts the Next.js app behind the server's door: its sources when developing, else its build (`.next`, or
 * NEXT_DIST_DIR). Next is loaded only here, so that a server without pages starts without it.
 */
export async function startPages(config: Config, folder: string, http: HttpServer): Promise<Result<void, Obstacle>> {
  if (config.web === 'off') return succeed(undefined);
  const isDevelopment = config.web === 'dev';
  const build = join(folder, process.env.NEXT_DIST_DIR ?? '.next');
  if (!isDevelopment && !existsSync(join(build, 'BUILD_ID'))) {
    return fail({
      problem: `The web app is not built: ${build} is missing.`,
      remedy: 'npm run build makes it; PODWIRE_WEB=off does without.',
    });
  }
  const { default: next } = await import('next');
  const app = next({ dev: isDevelopment, dir: folder, hostname: config.host, port: config.port });
  await app.prepare();
  const handle = app.getRequestHandler();
  http.pages.handler = (request, response) => handle(request, response);
  http.pages.isDevelopment = isDevelopment;
  if (isDevelopment) http.pageUpgrade = app.getUpgradeHandler();
  return succeed(undefined);
}
