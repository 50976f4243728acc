import { createHash } from 'node:crypto';
import { packTar, type TarEntry } from './tar-archive.ts';

const ARCHITECTURES: Readonly<Record<string, string>> = { x64: 'amd64', arm64: 'arm64' };

type ImageOptions = {
  /** `repository:tag`, under which `ctr images import` files it. */
  readonly name: string;
  readonly files: readonly TarEntry[];
  readonly entrypoint: readonly string[];
};

/**
 * An image of one layer, as a tar archive in the OCI image layout 1.0.0 (image-layout.md, manifest.md, config.md of the
 * OCI image specification).
 */
export function packImage({ name, files, entrypoint }: ImageOptions): Buffer {
  const layer = packTar(files);
  const config = toBlob({
    architecture: ARCHITECTURES[process.arch] ?? process.arch,
    os: 'linux',
    config: { Entrypoint: entrypoint, Env: ['PATH=/bin'] },
    rootfs: { type: 'layers', diff_ids: [digestOf(layer)] },
  });
  const manifest = toBlob({
    schemaVersion: 2,
    mediaType: 'application/vnd.oci.image.manifest.v1+json',
    config: describeBlob(config, 'application/vnd.oci.image.config.v1+json'),
    layers: [describeBlob(layer, 'application/vnd.oci.image.layer.v1.tar')],
  });
  const annotations = { 'io.containerd.image.name': name };
  const index = toBlob({
    schemaVersion: 2,
    manifests: [{ ...describeBlob(manifest, 'application/vnd.oci.image.manifest.v1+json'), annotations }],
  });
  const blobs = [layer, config, manifest].map((content) => ({
    path: `blobs/${digestOf(content).replace(':', '/')}`,
    mode: 0o644,
    content,
  }));
  const layout = toBlob({ imageLayoutVersion: '1.0.0' });
  return packTar([
    { path: 'oci-layout', mode: 0o644, content: layout },
    { path: 'index.json', mode: 0o644, content: index },
    ...blobs,
  ]);
}

/** An image with nothing in it but a statically linked busybox. Left alone it sleeps. */
export function packPauseImage(name: string, busybox: Uint8Array): Buffer {
  const files = [
    { path: 'bin', mode: 0o755 },
    { path: 'bin/busybox', mode: 0o755, content: busybox },
  ];
  return packImage({ name, files, entrypoint: ['/bin/busybox', 'sleep', '1000000'] });
}

const toBlob = (value: object): Buffer => Buffer.from(JSON.stringify(value));
const digestOf = (blob: Uint8Array): string => `sha256:${createHash('sha256').update(blob).digest('hex')}`;

function describeBlob(blob: Uint8Array, mediaType: string): { mediaType: string; digest: string; size: number } {
  return { mediaType, digest: digestOf(blob), size: blob.length };
}
