import type { ReactNode } from 'react';

type InspectorSectionProps = { readonly title: string; readonly children: ReactNode };

/** One group of facts of an inspector. */
export function InspectorSection({ title, children }: InspectorSectionProps) {
  return (
    <section aria-label={title} className="border-line border-t py-3 first:border-t-0 first:pt-0">
      <h3 className="heading mb-1.5">{title}</h3>
      {children}
    </section>
  );
}
