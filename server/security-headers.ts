import type { ServerResponse } from 'node:http';

/** What every answer says, whatever is in it. */
const HEADERS = {
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  // Of everything that is no page, which has its own: nothing in it may run, and nobody may frame it.
  'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
} as const;

export function setSecurityHeaders(response: ServerResponse): void {
  for (const [name, value] of Object.entries(HEADERS)) response.setHeader(name, value);
}

/**
 * Of one page: scripts and style sheets of this server, and inline ones that carry this answer's nonce. Next.js reads the nonce from
 * the request's own header of this name. `isDevelopment`: its reloading evaluates text and writes styles without one.
 */
export function buildContentPolicy(nonce: string, isDevelopment: boolean): string {
  return [
    "default-src 'self'",
    `script-src 'self' 'nonce-${nonce}'${isDevelopment ? " 'unsafe-eval'" : ''}`,
    isDevelopment ? "style-src 'self' 'unsafe-inline'" : `style-src 'self' 'nonce-${nonce}'`,
    "img-src 'self' data: blob:",
    "object-src 'none'",
    "base-uri 'none'",
    "form-action 'self'",
    "frame-ancestors 'none'",
  ].join('; ');
}
