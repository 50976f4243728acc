'use client';

import Link from 'next/link';
import { usePathname } from 'next/navigation';
import type { ReactNode } from 'react';
import { AccountMenu } from '../session/account-menu.tsx';
import { ThemeToggle } from '../theme/theme-toggle.tsx';
import { Logo } from './logo.tsx';
import { Navigation } from './navigation.tsx';

/** The frame around every page but the login: a rail at the left, a bar at the bottom where the screen is narrow. */
export function AppShell({ children }: { readonly children: ReactNode }) {
  // Nothing of what the frame shows is there before somebody is logged in.
  if (usePathname() === '/login') return children;
  return (
    <div className="flex h-dvh flex-col-reverse md:flex-row">
      <a
        href="#main"
        className="sr-only z-50 rounded-md bg-selection px-3 py-2 text-ground focus:not-sr-only focus:absolute focus:top-2 focus:left-2"
      >
        Skip to content
      </a>
      <header className="flex shrink-0 items-center border-line border-t bg-panel pb-[env(safe-area-inset-bottom)] md:w-16 md:flex-col md:border-t-0 md:border-r md:pb-3">
        <Link href="/" aria-label="Podwire, to the cluster" className="hidden py-3.5 md:block">
          <Logo />
        </Link>
        <Navigation />
        <div className="flex items-center pr-3 md:mt-auto md:flex-col md:gap-1 md:pr-0">
          <AccountMenu />
          <ThemeToggle />
        </div>
      </header>
      <main id="main" className="flex min-h-0 min-w-0 flex-1 flex-col overflow-hidden">
        {children}
      </main>
    </div>
  );
}
