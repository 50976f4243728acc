/** Every version of the specification that the plugin speaks, oldest first. */
export const SUPPORTED_CNI_VERSIONS = ['0.1.0', '0.2.0', '0.3.0', '0.3.1', '0.4.0', '1.0.0', '1.1.0'] as const;

export type CniVersion = (typeof SUPPORTED_CNI_VERSIONS)[number];

/** A configuration without the key counts as the oldest. */
export const IMPLIED_CNI_VERSION: CniVersion = '0.1.0';

export const NEWEST_CNI_VERSION: CniVersion = '1.1.0';

export function isSupportedCniVersion(text: string): text is CniVersion {
  return (SUPPORTED_CNI_VERSIONS as readonly string[]).includes(text);
}

/** @returns whether `version` is `than` or newer */
export function isAtLeast(version: CniVersion, than: CniVersion): boolean {
  return SUPPORTED_CNI_VERSIONS.indexOf(version) >= SUPPORTED_CNI_VERSIONS.indexOf(than);
}
