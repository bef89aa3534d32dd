'use client';
import { Kbd, Modal, Stack, Text } from '@mantine/core';
import classes from './shell.module.css';
import { useFocusBack } from './use-focus-back.ts';

const shortcuts = [
  [['Ctrl', 'K'], 'go to a page, service or entity'],
  [['?'], 'this help'],
  [['p'], 'hold the charts still, and let them go on'],
  [['/'], 'Keys: to the filter'],
  [['↑', '↓'], 'Keys: move through the list'],
  [['Enter'], 'Keys: open the entry; in the filter: look it up'],
  [['Esc'], 'close what is open'],
] as const;

const words = [
  ['hit', 'answered from the cache, fresh'],
  ['stale', 'answered from the cache past its freshness, while one instance refreshes it'],
  ['miss', 'Redis answered, and had nothing that could be served: loaded from the origin'],
  ['unavailable', 'Redis could not be asked: loaded from the origin, and never counted as a miss'],
  ['version', 'the namespace of one entity; a bump starts a new one, and all older entries are out of reach at once'],
  ['partial', 'fewer instances reported that second than run: its amounts are too small'],
] as const;

/** What the keys do and what the words mean. */
export function HelpDialog({ onClose }: { onClose: () => void }) {
  useFocusBack();
  return (
    <Modal opened onClose={onClose} title="Help" size="lg">
      <Stack gap="md">
        <dl className={classes['definitions']}>
          {shortcuts.map(([keys, does]) => (
            <div key={does}>
              <dt>
                {keys.map((key) => (
                  <Kbd key={key} size="xs">
                    {key}
                  </Kbd>
                ))}
              </dt>
              <dd>{does}</dd>
            </div>
          ))}
        </dl>
        <Text fw={600} fz="sm">
          Words
        </Text>
        <dl className={classes['definitions']}>
          {words.map(([word, means]) => (
            <div key={word}>
              <dt>{word}</dt>
              <dd>{means}</dd>
            </div>
          ))}
        </dl>
      </Stack>
    </Modal>
  );
}
