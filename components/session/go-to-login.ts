/** Leaves the page for the login, which leads back to it. Whoever is there already stays. */
export function goToLogin(): void {
  const { pathname, search, hash } = window.location;
  if (pathname === '/login') return;
  window.location.assign(`/login?${new URLSearchParams({ from: `${pathname}${search}${hash}` })}`);
}
