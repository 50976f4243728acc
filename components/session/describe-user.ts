/** Shorter than the API server's name for it, for where there is little room: a ServiceAccount's own name, a user's first part. */
export function shortenUser(user: string): string {
  const account = /^system:serviceaccount:[^:]+:(.+)$/.exec(user)?.[1];
  return account ?? user.split('@')[0] ?? user;
}
