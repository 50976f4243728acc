import type { Metadata } from 'next';
import { LoginView } from '#components/session/login-view.tsx';

export const metadata: Metadata = { title: 'Log in' };

type LoginPageProps = { readonly searchParams: Promise<{ readonly from?: string | readonly string[] }> };

export default async function LoginPage({ searchParams }: LoginPageProps) {
  const { from } = await searchParams;
  return <LoginView from={typeof from === 'string' ? from : undefined} />;
}
