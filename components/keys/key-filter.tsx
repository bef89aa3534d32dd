'use client';
import { Button, Kbd, Select, TextInput } from '@mantine/core';
import { IconSearch } from '@tabler/icons-react';
import { type FormEvent, type Ref, useEffect, useState } from 'react';
import type { ServiceRef } from '../../server/contract/service-ref.ts';
import classes from './keys.module.css';
import { problemOfSought } from './problem-of-sought.ts';
import { useEntities } from './use-entities.ts';

interface KeyFilterProps {
  ref: Ref<HTMLInputElement>;
  scope: ServiceRef;
  entity: string | undefined;
  /** What is looked for now. */
  sought: string;
  busy: boolean;
  onEntity: (entity: string | null) => void;
  onFind: (text: string) => void;
}

/** Entity and id. Enter looks the id up at once when an entity is chosen, and lists what begins with it. */
export function KeyFilter({ ref, scope, entity, sought, busy, onEntity, onFind }: KeyFilterProps) {
  const [text, setText] = useState(sought);
  useEffect(() => setText(sought), [sought]);
  const entities = useEntities(scope);
  const problem = problemOfSought(text, entity);
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (problem === null) onFind(text);
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
          error={problem}
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
