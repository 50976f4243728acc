import type { Metadata, Viewport } from 'next';
import type { ReactNode } from 'react';
import { AppShell } from '#components/shell/app-shell.tsx';
import { StartScript } from '#components/shell/start-script.tsx';
import { readNonce } from './read-nonce.ts';
import './globals.css';

export const metadata: Metadata = {
  title: { default: 'Podwire', template: '%s · Podwire' },
  description: 'How every pod of a Kubernetes cluster is wired on Linux, with every CNI invocation as it happens',
};

export const viewport: Viewport = {
  themeColor: [
    { media: '(prefers-color-scheme: dark)', color: '#0b0e13' },
    { media: '(prefers-color-scheme: light)', color: '#f6f7f9' },
  ],
};

export default async function RootLayout({ children }: { readonly children: ReactNode }) {
  const nonce = await readNonce();
  return (
    <html lang="en" data-theme="dark" suppressHydrationWarning>
      <head>
        <StartScript nonce={nonce} />
      </head>
      <body>
        <AppShell>{children}</AppShell>
      </body>
    </html>
  );
}
