/** Where a login page leads back to: a place of this site only, whatever the address bar says. Anything else is the first page. */
export function readReturnPath(from: string | undefined, origin: string): string {
  if (from === undefined || !from.startsWith('/') || !URL.canParse(from, origin)) return '/';
  const url = new URL(from, origin);
  const path = `${url.pathname}${url.search}${url.hash}`;
  // `//other.example` and `/\other.example` name another site, for a browser and so for URL; a path that begins so does too.
  return url.origin !== origin || path.startsWith('//') || url.pathname === '/login' ? '/' : path;
}
