const NAME = 'podwire_session';

/** The session's secret in a Cookie header, RFC 6265; `undefined` where there is none of its form. */
export function readSessionCookie(header: string | undefined): string | undefined {
  for (const part of (header ?? '').split(';')) {
    const [name, value] = part.trim().split('=');
    if (name === NAME && value !== undefined && /^[\w-]{43}$/.test(value)) return value;
  }
  return undefined;
}

/** Set-Cookie: for scripts unreadable, sent by this site's own pages alone, and over https alone where the browser spoke it. */
export function writeSessionCookie(id: string, given: { readonly restMs: number; readonly isSecure: boolean }): string {
  const seconds = Math.max(0, Math.floor(given.restMs / 1_000));
  return `${NAME}=${id}; Path=/; HttpOnly; SameSite=Strict; Max-Age=${seconds}${given.isSecure ? '; Secure' : ''}`;
}
