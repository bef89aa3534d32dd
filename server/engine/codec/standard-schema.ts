/** What every schema library of today answers to (standardschema.dev, version 1): zod, valibot, arktype and others. */
export interface StandardSchema<Output = unknown> {
  readonly '~standard': {
    readonly version: 1;
    readonly vendor: string;
    readonly validate: (value: unknown) => SchemaResult<Output> | Promise<SchemaResult<Output>>;
    readonly types?: { readonly input: unknown; readonly output: Output } | undefined;
  };
}

type SchemaResult<Output> =
  | { readonly value: Output; readonly issues?: undefined }
  | {
      readonly issues: readonly {
        readonly message: string;
        readonly path?: readonly (PropertyKey | { readonly key: PropertyKey })[] | undefined;
      }[];
    };

export type Checked = { ok: true; value: unknown } | { ok: false; why: string };

/** `why` names the place and never the value. A schema that answers later cannot be asked on a read: it fails each value. */
export function checkSchema(schema: StandardSchema, value: unknown): Checked {
  const result = schema['~standard'].validate(value);
  if (result instanceof Promise) {
    // Refused whatever it says; a rejection that nobody hears would end the process.
    result.catch(() => {});
    return { ok: false, why: 'the schema is asynchronous' };
  }
  if (result.issues === undefined) return { ok: true, value: result.value };
  const [issue] = result.issues;
  const path = (issue?.path ?? []).map((part) => String(typeof part === 'object' ? part.key : part));
  return { ok: false, why: `it is not of its schema at ${path.length === 0 ? 'its root' : path.join('.')}` };
}
