/** The token of an Authorization header, RFC 6750 section 2.1; `undefined` where it has none. */
export function readBearer(header: string | undefined): string | undefined {
  return /^bearer +(\S+) *$/i.exec(header ?? '')?.[1];
}
