'use client';
import { Button, Code, Paper, Stack, Text, Title } from '@mantine/core';
import { IconLogin2 } from '@tabler/icons-react';
import { useState } from 'react';
import { hrefs } from '../../server/contract/hrefs.ts';
import { Logo } from '../layout/logo.tsx';
import classes from './sign-in.module.css';
import { type SignInResult, signInWithLink } from './sign-in-with-link.ts';

interface SignInViewProps {
  token: string | undefined;
  /** A path within the console, checked by the page. */
  next: string | undefined;
}

const troubles: Record<Exclude<SignInResult, 'signed-in'>, string> = {
  spent: 'This link was used before, or is older than 15 minutes. Each link signs in once.',
  away: 'The console did not answer. Check that it runs, then try again.',
  store: "The console's store is down, so nobody can be signed in. Try again in a moment.",
};

/** Signs in by the one-time link. A button, so that a preview of the link does not spend it. */
export function SignInView({ token, next }: SignInViewProps) {
  const [state, setState] = useState<'idle' | 'busy' | Exclude<SignInResult, 'signed-in'>>('idle');
  const signIn = async (linkToken: string) => {
    setState('busy');
    const result = await signInWithLink(linkToken);
    if (result === 'signed-in') window.location.replace(next ?? hrefs.overview());
    else setState(result);
  };
  const trouble = state === 'idle' || state === 'busy' ? null : troubles[state];
  return (
    <main className={classes['page']}>
      <Paper withBorder p="xl" radius="md" className={classes['card'] ?? ''}>
        <Stack gap="md">
          <Logo />
          <Title order={1}>Sign in</Title>
          {token === undefined ? (
            <HowToGetLink lead="You need a one-time link. On the machine that runs the console:" />
          ) : (
            <>
              {state !== 'spent' && (
                <Text fz="sm">Your link is ready. It works once, and opens a session of 12 hours in this browser.</Text>
              )}
              <Button
                leftSection={<IconLogin2 size={16} />}
                loading={state === 'busy'}
                disabled={state === 'spent'}
                onClick={() => void signIn(token)}
              >
                Sign in
              </Button>
            </>
          )}
          <div role="alert" className={classes['trouble']}>
            {trouble !== null && (
              <Text fz="sm" c="var(--sb-danger)" fw={500}>
                {trouble}
              </Text>
            )}
          </div>
          {state === 'spent' && <HowToGetLink lead="Make another on the machine that runs the console:" />}
        </Stack>
      </Paper>
    </main>
  );
}

function HowToGetLink({ lead }: { lead: string }) {
  return (
    <div>
      <Text fz="sm" mb={6}>
        {lead}
      </Text>
      <Code block>npm run sign-in-link</Code>
    </div>
  );
}
