import { Code } from '@mantine/core';
import { Notice } from './notice.tsx';
import { PageHead } from './page-head.tsx';

/** Nothing embeds the engine on this Redis yet: how to begin. */
export function NoService({ title }: { title: string }) {
  return (
    <>
      <PageHead title={title} />
      <Notice title="No service has registered on this Redis yet">
        <p>
          Embed the engine in a service (<Code>createCache</Code> of <Code>sideboard-engine</Code>) and point it at the same Redis: it shows
          up here by itself within a second.
        </p>
      </Notice>
    </>
  );
}
