import type { ReactNode } from 'react';
import { SearchButton } from '../search/search-button.tsx';
import { ConnectionBadge } from './connection-badge.tsx';

type PageHeaderProps = {
  /** What the page is about; the only h1. */
  readonly title: ReactNode;
  /** What stands before the title: where one came from. */
  readonly trail?: ReactNode;
  /** Facts that belong to the title: a state, addresses. */
  readonly facts?: ReactNode;
  /** The facts are as of then, not now. */
  readonly isStale?: boolean;
  /** Controls at the right, after the state of the connection. */
  readonly actions?: ReactNode;
};

/** Title, facts and controls of a page, and always how live what it shows is. */
export function PageHeader({ title, trail, facts, isStale = false, actions }: PageHeaderProps) {
  return (
    <header className="flex min-h-[52px] shrink-0 flex-wrap items-center gap-x-4 gap-y-1 border-line border-b bg-panel/60 px-4 py-2 md:px-6">
      <div className="flex min-w-0 items-center gap-2">
        {trail !== undefined && <div className="shrink-0 text-text-3">{trail}</div>}
        <h1 className="min-w-0 truncate text-[15px] font-semibold">{title}</h1>
      </div>
      {facts !== undefined && (
        <div
          className={`order-last flex min-w-0 basis-full flex-wrap items-center gap-x-5 gap-y-1 text-text-2 lg:order-none lg:basis-auto ${isStale ? 'opacity-70 grayscale' : ''}`}
        >
          {facts}
        </div>
      )}
      <div className="ml-auto flex items-center gap-4">
        <SearchButton />
        <ConnectionBadge />
        {actions}
      </div>
    </header>
  );
}
