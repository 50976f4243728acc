/** A place that something will fill. `className` gives it the size of what comes. */
export function Skeleton({ className = '' }: { readonly className?: string }) {
  return <div aria-hidden className={`animate-pulse rounded-md bg-raised ${className}`} />;
}
