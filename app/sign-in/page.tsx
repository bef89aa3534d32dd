import type { Metadata } from 'next';
import { safeNext } from '../../components/sign-in/safe-next.ts';
import { SignInView } from '../../components/sign-in/sign-in-view.tsx';

export const metadata: Metadata = { title: 'Sign in', referrer: 'no-referrer' };

interface SignInPageProps {
  searchParams: Promise<Record<string, string | string[] | undefined>>;
}

export default async function SignInPage({ searchParams }: SignInPageProps) {
  const { token, next } = await searchParams;
  return <SignInView token={one(token)} next={safeNext(one(next))} />;
}

const one = (value: string | string[] | undefined) => (Array.isArray(value) ? value[0] : value);
