import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { packImage, packPauseImage } from '#plugin/clients/pack-image.ts';
import type { TarEntry } from '#plugin/clients/tar-archive.ts';

export const PAUSE_IMAGE = 'podwire.test/pause:1';
/** Sleeps, and has every applet of busybox. */
export const BUSYBOX_IMAGE = 'podwire.test/busybox:1';
/** Serves on port 80: `/` says which pod answered, `/cgi-bin/client` which address asked. */
export const WEB_IMAGE = 'podwire.test/web:1';

/** The first process of a pid namespace ignores TERM unless it handles it: without, each pod would end by its grace time only. */
const runUntilTerm = (command: string): readonly string[] => [
  '/bin/sh',
  '-c',
  `trap 'exit 0' TERM; ${command} & wait $!`,
];

const SHOW_CLIENT = '#!/bin/sh\nprintf "content-type: text/plain\\r\\n\\r\\n%s\\n" "$REMOTE_ADDR"\n';
const SHOW_HOST = '#!/bin/sh\nprintf "content-type: text/plain\\r\\n\\r\\n%s\\n" "$(hostname)"\n';

/** What `/cgi-bin/NAME` of a web server of the bench answers. */
export const WEB_SCRIPTS = { client: SHOW_CLIENT, host: SHOW_HOST } as const;

/** @returns the images of the bench as archives for `ctr images import` */
export function packImages(busyboxPath: string): readonly Buffer[] {
  const busybox = readFileSync(busyboxPath);
  const applets = execFileSync(busyboxPath, ['--list'], { encoding: 'utf8' });
  const programs: readonly TarEntry[] = [
    { path: 'bin', mode: 0o755 },
    { path: 'bin/busybox', mode: 0o755, content: busybox },
    ...applets
      .split('\n')
      .filter((name) => name !== '' && name !== 'busybox')
      .map((name) => ({ path: `bin/${name}`, mode: 0o777, target: 'busybox' })),
    { path: 'tmp', mode: 0o1777 },
  ];
  const pages: readonly TarEntry[] = [
    { path: 'www', mode: 0o755 },
    { path: 'www/cgi-bin', mode: 0o755 },
    ...Object.entries(WEB_SCRIPTS).map(([name, script]) => ({
      path: `www/cgi-bin/${name}`,
      mode: 0o755,
      content: Buffer.from(script),
    })),
  ];
  return [
    packPauseImage(PAUSE_IMAGE, busybox),
    packImage({ name: BUSYBOX_IMAGE, files: programs, entrypoint: runUntilTerm('sleep 1000000') }),
    packImage({
      name: WEB_IMAGE,
      files: [...programs, ...pages],
      entrypoint: runUntilTerm('httpd -f -p 80 -h /www'),
    }),
  ];
}
