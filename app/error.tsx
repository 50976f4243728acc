'use client';

import { BrokenPage } from '#components/shell/broken-page.tsx';

type ErrorPageProps = { readonly error: Error; readonly reset: () => void };

export default function ErrorPage({ error, reset }: ErrorPageProps) {
  return <BrokenPage message={error.message} onRetry={reset} />;
}
