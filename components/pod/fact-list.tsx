export type Fact = { readonly label: string; readonly value: string | undefined; readonly isMono?: boolean };

/** Facts as label and value; what is not known is said to be so. */
export function FactList({ facts }: { readonly facts: readonly Fact[] }) {
  return (
    <dl className="grid grid-cols-[88px_minmax(0,1fr)] gap-y-1">
      {facts.map(({ label, value, isMono = false }) => (
        <div key={label} className="contents">
          <dt className="text-text-2">{label}</dt>
          <dd className={`break-words ${isMono ? 'font-mono text-[11.5px] leading-[19px]' : ''}`}>
            {value ?? <span className="hatched rounded-sm px-1 text-[11px] text-text-2">not known</span>}
          </dd>
        </div>
      ))}
    </dl>
  );
}
