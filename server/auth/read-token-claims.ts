import { z } from 'zod';

/** What a token says of itself. */
export type TokenClaims = {
  /** Absent where it says none: only the API server knows when it ends. */
  readonly expiresAtMs: number | undefined;
  readonly audiences: readonly string[];
};

const Claims = z.object({
  exp: z.number().positive().optional().catch(undefined),
  aud: z
    .union([z.string().transform((one) => [one]), z.array(z.string())])
    .default([])
    .catch([]),
});

/**
 * Reads a JSON Web Token's payload, RFC 7519, without checking its signature: to say why a token was refused, and when one that
 * the API server has accepted ends. Never a reason to accept one. A token of another form claims nothing.
 */
export function readTokenClaims(token: string): TokenClaims {
  const [, payload = ''] = token.split('.');
  try {
    const { exp, aud } = Claims.parse(JSON.parse(Buffer.from(payload, 'base64url').toString('utf8')));
    return { expiresAtMs: exp === undefined ? undefined : exp * 1_000, audiences: aud };
  } catch {
    return { expiresAtMs: undefined, audiences: [] };
  }
}
