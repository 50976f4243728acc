import { createHash } from 'node:crypto';
import { cp, readFile, symlink, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { runOrThrow } from '#lab/run-command.ts';
import { packTar } from '#plugin/clients/tar-archive.ts';

const REPOSITORY = resolve(import.meta.dirname, '../../..');
const EXECUTABLE = 'opt/podwire/dist/podwire';
export const NEXT_VERSION = '0.1.1-next';
export const NEXT_IMAGE = `docker.io/podwire/podwire:${NEXT_VERSION}`;

type Descriptor = { readonly mediaType: string; readonly digest: string; readonly size: number };
type Manifest = { readonly config: Descriptor; readonly layers: readonly Descriptor[] };
type Config = { readonly rootfs: { readonly diff_ids: readonly string[] }; readonly history?: readonly object[] };

/**
 * The image with an executable of another version as one more layer, for a node that has the image's other layers: the archive has only
 * what is new (OCI image layout 1.0.0).
 * @param archive `dist/podwire-image.tar`
 * @returns path of the new archive, in `folder`
 */
export async function packNextVersion(archive: string, folder: string): Promise<string> {
  const read = async <T>(name: string) => JSON.parse(await runOrThrow(['tar', '-xOf', archive, name])) as T;
  const index = await read<{ readonly manifests: readonly Descriptor[] }>('index.json');
  const manifest = await read<Manifest>(blobPath(index.manifests[0]?.digest ?? ''));
  const config = await read<Config>(blobPath(manifest.config.digest));
  const content = await readFile(await buildNextExecutable(folder));
  const layer = packTar([{ path: EXECUTABLE, mode: 0o755, content }]);
  const nextConfig = toBlob({
    ...config,
    rootfs: { ...config.rootfs, diff_ids: [...config.rootfs.diff_ids, digestOf(layer)] },
    history: [...(config.history ?? []), { created_by: 'the next version' }],
  });
  const nextManifest = toBlob({
    ...manifest,
    config: describe(nextConfig, manifest.config.mediaType),
    layers: [...manifest.layers, describe(layer, 'application/vnd.oci.image.layer.v1.tar')],
  });
  const annotations = { 'io.containerd.image.name': NEXT_IMAGE };
  const manifests = [{ ...describe(nextManifest, 'application/vnd.oci.image.manifest.v1+json'), annotations }];
  const path = join(folder, 'next-image.tar');
  const files = { 'oci-layout': { imageLayoutVersion: '1.0.0' }, 'index.json': { schemaVersion: 2, manifests } };
  await writeFile(
    path,
    packTar([
      ...Object.entries(files).map(([name, value]) => ({ path: name, mode: 0o644, content: toBlob(value) })),
      ...[layer, nextConfig, nextManifest].map((blob) => ({
        path: blobPath(digestOf(blob)),
        mode: 0o644,
        content: blob,
      })),
    ]),
  );
  return path;
}

/** Of this checkout, but that it says another version. */
async function buildNextExecutable(folder: string): Promise<string> {
  const source = join(folder, 'source');
  for (const name of ['plugin', 'model', 'package.json']) {
    await cp(join(REPOSITORY, name), join(source, name), { recursive: true });
  }
  await symlink(join(REPOSITORY, 'node_modules'), join(source, 'node_modules'));
  const versionFile = join(source, 'plugin', 'version.ts');
  const text = await readFile(versionFile, 'utf8');
  await writeFile(versionFile, text.replace(/PLUGIN_VERSION = '.*'/, `PLUGIN_VERSION = '${NEXT_VERSION}'`));
  const outcome = join(folder, 'podwire');
  const build = join(REPOSITORY, 'plugin', 'build.ts');
  await runOrThrow([process.execPath, build, join(source, 'plugin', 'main.ts'), outcome]);
  return outcome;
}

const blobPath = (digest: string): string => `blobs/${digest.replace(':', '/')}`;
const toBlob = (value: object): Buffer => Buffer.from(JSON.stringify(value));
const digestOf = (blob: Uint8Array): string => `sha256:${createHash('sha256').update(blob).digest('hex')}`;
const describe = (blob: Uint8Array, mediaType: string): Descriptor => ({
  mediaType,
  digest: digestOf(blob),
  size: blob.length,
});
