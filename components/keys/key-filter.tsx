'use client';
import { Button, Kbd, Select, TextInput } from '@mantine/core';
import { IconSearch } from '@tabler/icons-react';
import { type FormEvent, type Ref, useEffect, useState } from 'react';
import { ID_FILTER_CHARS_MAX } from '../../server/contract/keys.ts';
import type { ServiceRef } from '../../server/contract/service-ref.ts';
import { formatCount } from '../../server/contract/units.ts';
import classes from './keys.module.css';
import { useEntities } from './use-entities.ts';

interface KeyFilterProps {
  ref: Ref<HTMLInputElement>;
  scope: ServiceRef;
  entity: string | undefined;
  prefix: string;
  busy: boolean;
  onEntity: (entity: string | null) => void;
  onFind: (text: string) => void;
}

/** Entity and id. Enter looks the id up at once when an entity is chosen, and lists what begins with it. */
export function KeyFilter({ ref, scope, entity, prefix, busy, onEntity, onFind }: KeyFilterProps) {
  const [text, setText] = useState(prefix);
  useEffect(() => setText(prefix), [prefix]);
  const entities = useEntities(scope);
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (text.length <= ID_FILTER_CHARS_MAX) onFind(text);
  };
  return (
    <search>
      <form className={classes['filter']} onSubmit={submit}>
        <Select
          aria-label="Entity"
          placeholder="all entities"
          size="sm"
          className={classes['entityFilter'] ?? ''}
          clearable
          searchable
          data={entity === undefined || entities.includes(entity) ? entities : [entity, ...entities]}
          value={entity ?? null}
          onChange={onEntity}
        />
        <TextInput
          ref={ref}
          aria-label="Id, or how it begins"
          placeholder={entity === undefined ? 'id begins with… (choose an entity to look one up directly)' : 'id, or how it begins'}
          size="sm"
          className={classes['idFilter'] ?? ''}
          value={text}
          error={text.length > ID_FILTER_CHARS_MAX && `longer than ${formatCount(ID_FILTER_CHARS_MAX)} characters: give how it begins`}
          onChange={(event) => setText(event.currentTarget.value)}
          rightSection={<Kbd size="xs">/</Kbd>}
        />
        <Button type="submit" size="sm" leftSection={<IconSearch size={15} />} loading={busy}>
          Find
        </Button>
      </form>
    </search>
  );
}
