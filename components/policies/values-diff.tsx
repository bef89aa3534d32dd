import { Table } from '@mantine/core';
import type { PolicyValues } from '../../server/contract/policies.ts';
import { showValues } from './show-values.ts';

interface ValuesDiffProps {
  caption: string;
  columns: readonly { name: string; values: PolicyValues }[];
}

/** Values side by side; a row whose values differ is set in bold. */
export function ValuesDiff({ caption, columns }: ValuesDiffProps) {
  const shown = columns.map((column) => showValues(column.values));
  return (
    <Table withTableBorder aria-label={caption}>
      <Table.Thead>
        <Table.Tr>
          <Table.Th aria-label="Value" />
          {columns.map((column) => (
            <Table.Th key={column.name} ta="right">
              {column.name}
            </Table.Th>
          ))}
        </Table.Tr>
      </Table.Thead>
      <Table.Tbody>
        {(shown[0] ?? []).map(({ name }, row) => {
          const texts = shown.map((values) => values[row]?.text ?? '');
          const differs = new Set(texts).size > 1;
          return (
            <Table.Tr key={name} fw={differs ? 600 : 400}>
              <Table.Th scope="row" fw="inherit">
                {name}
                {differs && ', changed'}
              </Table.Th>
              {columns.map((column, index) => (
                <Table.Td key={column.name} ta="right" {...(differs ? {} : { c: 'dimmed' })}>
                  {texts[index]}
                </Table.Td>
              ))}
            </Table.Tr>
          );
        })}
      </Table.Tbody>
    </Table>
  );
}
