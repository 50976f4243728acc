import { readFileSync } from 'node:fs';
import type { ApiSettings } from './api-settings.ts';

/** The API answered with a failure. 410: what was asked for is too old. */
export class ApiFailure extends Error {
  override readonly name = 'ApiFailure';
  readonly status: number;

  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

/**
 * Asks the Kubernetes API. The CA counts for this request alone, so that it needs no variable that is set before the start.
 * @param path with its query
 * @returns the answer, its body not read yet
 * @throws ApiFailure; whatever fetch or the reading of the token throws
 */
export async function requestApi(
  { baseUrl, unixSocket, tokenFile, caFile }: ApiSettings,
  path: string,
  signal: AbortSignal,
): Promise<Response> {
  const token = tokenFile === undefined ? undefined : readFileSync(tokenFile, 'utf8').trim();
  const response = await fetch(`${baseUrl}${path}`, {
    headers: { accept: 'application/json', ...(token === undefined ? {} : { authorization: `Bearer ${token}` }) },
    signal,
    ...(unixSocket === undefined ? {} : { unix: unixSocket }),
    ...(caFile === undefined ? {} : { tls: { ca: readFileSync(caFile, 'utf8') } }),
  });
  if (response.ok) return response;
  throw new ApiFailure(response.status, `HTTP ${response.status}: ${describeStatus(await response.text())}`);
}

/** The message of Kubernetes' `Status`, or the beginning of whatever came instead. */
function describeStatus(text: string): string {
  try {
    const { message } = JSON.parse(text) as { readonly message?: unknown };
    if (typeof message === 'string') return message;
  } catch {
    // A proxy's page.
  }
  return text.slice(0, 200);
}
