import { Code } from '@mantine/core';
import { useLiveState } from '../live/live-context.tsx';
import { Notice } from './notice.tsx';
import { PageHead } from './page-head.tsx';

/** Nothing embeds the engine on this Redis yet, or it has not been heard yet: how to begin. */
export function NoService({ title }: { title: string }) {
  const redis = useLiveState((state) => state.redis);
  if (redis?.state === 'down') {
    return (
      <>
        <PageHead title={title} />
        <Notice title="No service is known yet">
          <p>
            Redis has not answered since the console was started. Services show up here by themselves once it does. If the address in the
            banner is not the one that is meant, start the console with another <Code>REDIS_URL</Code>.
          </p>
        </Notice>
      </>
    );
  }
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
