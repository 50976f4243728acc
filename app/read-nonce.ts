import { headers } from 'next/headers';

/**
 * The nonce of this answer's content policy, which the server puts into the request before Next.js sees it. Reading it makes a page
 * one that is rendered for each request, as a nonce asks for.
 */
export async function readNonce(): Promise<string | undefined> {
  const policy = (await headers()).get('content-security-policy') ?? '';
  return /'nonce-([^']+)'/.exec(policy)?.[1];
}
