/**
 * Error codes of the CNI specification 1.1.0, section "Error", and Podwire's own from 100 on.
 * `netnsInvalid` is libcni's ErrInvalidNetNS.
 */
export const CNI_ERROR_CODE = {
  versionIncompatible: 1,
  unsupportedField: 2,
  containerUnknown: 3,
  environmentInvalid: 4,
  inputOutput: 5,
  decodingFailed: 6,
  configurationInvalid: 7,
  netnsInvalid: 8,
  tryAgainLater: 11,
  notAvailable: 50,
  limitedConnectivity: 51,
  kernelRefused: 100,
  poolExhausted: 101,
  addressUnavailable: 102,
  rulesRefused: 103,
  bridgeConflict: 104,
  interfaceExists: 105,
  stateDiffers: 106,
  ipamFailed: 107,
  internal: 999,
} as const;

export type CniFailureOptions = {
  /** One of ours, or what the IPAM plugin answered. */
  readonly code: number;
  readonly details?: string | undefined;
  readonly cause?: unknown;
};

/** An invocation that ends with an error object on stdout and exit code 1. */
export class CniFailure extends Error {
  override readonly name = 'CniFailure';
  readonly code: number;
  readonly details: string | undefined;

  constructor(message: string, { code, details, cause }: CniFailureOptions) {
    super(message, cause === undefined ? undefined : { cause });
    this.code = code;
    this.details = details;
  }
}
