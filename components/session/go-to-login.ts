let isLoggingOut = false;

/** Leaves the page for the login, which leads back to it. Whoever is there already stays. */
export function goToLogin(): void {
  const { pathname, search, hash } = window.location;
  if (isLoggingOut || pathname === '/login') return;
  window.location.assign(`/login?${new URLSearchParams({ from: `${pathname}${search}${hash}` })}`);
}

/**
 * Ends the session by `end`, and leaves for the login without a way back: what is refused meanwhile, the socket first, leads nowhere.
 * Rejects as `end` does, and stays.
 */
export async function logOut(end: () => Promise<void>): Promise<void> {
  isLoggingOut = true;
  try {
    await end();
  } catch (error) {
    isLoggingOut = false;
    throw error;
  }
  window.location.assign('/login');
}
