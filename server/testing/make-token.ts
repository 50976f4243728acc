/** A JSON Web Token by its form, signed by nobody: what a double of the API server takes is in its own list. */
export function makeToken(claims: {
  readonly sub: string;
  readonly exp?: number;
  readonly aud?: readonly string[];
}): string {
  const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');
  return `${part({ alg: 'RS256', kid: 'double' })}.${part(claims)}.${Buffer.from(claims.sub).toString('base64url')}`;
}
