import { readFileSync } from 'node:fs';
import type { CollectorAddress } from './agent-settings.ts';

/**
 * One request to the collector: over its Unix socket where it has one, with the token of this moment where it asks for one.
 * Rejects as fetch does, and where the token's file holds none. No message has the token in it.
 */
export async function callCollector(collector: CollectorAddress, path: string, init: RequestInit): Promise<Response> {
  const { baseUrl, unixSocket, tokenFile } = collector;
  const headers = new Headers(init.headers);
  if (tokenFile !== undefined) headers.set('authorization', `Bearer ${readToken(tokenFile)}`);
  return await fetch(`${baseUrl}${path}`, {
    ...init,
    headers,
    // A token goes where the settings say, and nowhere else.
    redirect: 'error',
    ...(unixSocket === undefined ? {} : { unix: unixSocket }),
  });
}

function readToken(path: string): string {
  const text = readText(path).trim();
  if (!/^[\x21-\x7e]+$/.test(text)) throw new Error(`${path} (PODWIRE_TOKEN_FILE) holds no token`);
  return text;
}

function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (cause) {
    throw new Error('the token for the collector cannot be read (PODWIRE_TOKEN_FILE)', { cause });
  }
}
