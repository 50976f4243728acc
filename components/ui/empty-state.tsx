import type { LucideIcon } from 'lucide-react';
import type { ReactNode } from 'react';

type EmptyStateProps = {
  readonly icon: LucideIcon;
  readonly title: string;
  /** What would have to happen for something to be here. */
  readonly children?: ReactNode;
};

/** Says why there is nothing to see and what would change that. */
export function EmptyState({ icon: Icon, title, children }: EmptyStateProps) {
  return (
    <div className="mx-auto flex max-w-md flex-col items-center gap-2 px-6 py-14 text-center">
      <span className="flex size-11 items-center justify-center rounded-full border border-line bg-panel text-text-3">
        <Icon aria-hidden size={20} />
      </span>
      <h2 className="mt-1 text-sm font-semibold">{title}</h2>
      {children !== undefined && <div className="text-text-2">{children}</div>}
    </div>
  );
}
