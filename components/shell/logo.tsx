/** The mark: one wire that leaves a plug and ends in two sockets. */
export function Logo({ size = 26 }: { readonly size?: number }) {
  return (
    <svg width={size} height={size} viewBox="0 0 32 32" fill="none" aria-hidden="true">
      <path d="M4 7.5h9.5a8.5 8.5 0 0 1 0 17H11" stroke="var(--veth)" strokeWidth="3.2" strokeLinecap="round" />
      <path d="M4 16h17.5" stroke="var(--bridge)" strokeWidth="3.2" strokeLinecap="round" />
      <circle cx="26" cy="16" r="3.6" fill="var(--bridge)" />
      <circle cx="6.4" cy="24.5" r="2.6" fill="var(--veth)" />
    </svg>
  );
}
