'use client';
import { notificationsStore } from '@mantine/notifications';
import dynamic from 'next/dynamic';
import { useEffect, useState } from 'react';

const NoticeStack = dynamic(() => import('./notice-stack.tsx').then((file) => file.NoticeStack), { ssr: false });

/** The place of short messages; its script comes with the first of them. */
export function Notices() {
  const [needed, setNeeded] = useState(false);
  useEffect(() => notificationsStore.subscribe(() => setNeeded(true)), []);
  return needed && <NoticeStack />;
}
