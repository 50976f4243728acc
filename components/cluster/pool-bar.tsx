import type { AddressPool } from '#model/topology/topology.ts';

/** How much of an address pool is used: a bar, and the numbers it stands for. */
export function PoolBar({ pool }: { readonly pool: AddressPool }) {
  const { prefix, used, capacity } = pool;
  const share = capacity === 0 ? 0 : Math.min(1, used / capacity);
  const look = share >= 1 ? 'bg-bad' : share >= 0.9 ? 'bg-warning' : 'bg-bridge';
  return (
    <div>
      <div className="flex items-baseline justify-between gap-3">
        <span className="font-mono text-xs">{prefix}</span>
        <span className={share >= 1 ? 'font-semibold text-bad text-xs' : 'text-text-2 text-xs'}>
          {used} of {capacity} addresses
        </span>
      </div>
      {/* biome-ignore lint/a11y/useSemanticElements: browsers draw a meter element each in their own way. */}
      <div
        role="meter"
        aria-label={`Addresses used of ${prefix}`}
        aria-valuemin={0}
        aria-valuemax={capacity}
        aria-valuenow={used}
        className="mt-1 h-1 overflow-hidden rounded-full bg-line"
      >
        <div
          className={`h-full rounded-full ${look}`}
          style={{ width: used === 0 ? 0 : `max(3px, ${share * 100}%)` }}
        />
      </div>
    </div>
  );
}
