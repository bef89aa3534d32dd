import type { StandardSchema } from './codec/standard-schema.ts';
import type { PolicyInput } from './policy.ts';

/** The TypeScript types of one entity, as `typed` and `project` state them. */
export interface EntityType<Value = unknown, Id extends string = string, Loaded = Value> {
  /** What reads answer, from the origin as from the cache. */
  readonly value: Value;
  readonly id: Id;
  /** What loaders return and `set` takes: without `project` the value itself. */
  readonly loaded: Loaded;
}

declare const typeBrand: unique symbol;
/** Carries types in a policy; nothing of it is there at run time. */
export interface TypeMark<Value, Id extends string> {
  readonly [typeBrand]?: { readonly value: Value; readonly id: Id };
}

/** For `policies: { product: { type: typed<Product>(), … } }`: what its reads answer, and which ids it takes. */
export function typed<Value, Id extends string = string>(): TypeMark<Value, Id> {
  return {};
}

/** "Not found" and "nothing to keep": `project` is never given them. */
type NoValue = null | undefined;

/** Said by `type`; else what `project` returns, or what `schema` lets pass; else unknown, and each call says it. */
type TypeOfPolicy<Policy> = Policy extends { readonly type: TypeMark<infer Value, infer Id> }
  ? EntityType<Value, Id, Policy extends Projecting<infer Loaded, unknown> ? Loaded | Extract<Value, NoValue> : Value>
  : Policy extends Projecting<infer Loaded, infer Value>
    ? EntityType<Value | Extract<Loaded, NoValue>, string, Loaded>
    : Policy extends { readonly schema: StandardSchema<infer Value> }
      ? EntityType<Value>
      : EntityType;

interface Projecting<Loaded, Value> {
  readonly project: (value: Loaded) => Value;
}

/** Refuses a field that no policy has, as a type that is inferred takes any, and one that contradicts what reads are said to answer. The text is what the compiler shows. */
export type SoundPolicies<Policies> = {
  readonly [Entity in keyof Policies]: {
    readonly [Field in keyof Policies[Entity]]: Field extends 'project'
      ? SoundProject<Policies[Entity]>
      : Field extends 'schema'
        ? SoundSchema<Policies[Entity]>
        : Field extends keyof PolicyInput
          ? unknown
          : 'is not a known option';
  };
};

/** What is kept is what reads answer, and it is kept at once: no promise, and what `type` says. */
type SoundProject<Policy> =
  Policy extends Projecting<never, infer Value>
    ? [Value] extends [PromiseLike<unknown>]
      ? 'must return a value at once, and state the type of its parameter'
      : [Value] extends [TypeOfPolicy<Policy>['value']]
        ? unknown
        : 'must return what `type` says'
    : unknown;

/** What a schema lets pass is answered. One of `unknown` says nothing. */
type SoundSchema<Policy> = Policy extends { readonly schema: StandardSchema<infer Value> }
  ? unknown extends Value
    ? unknown
    : [Value] extends [TypeOfPolicy<Policy>['value']]
      ? unknown
      : 'must let pass what `type` says, or `project` returns'
  : unknown;

export type TypesOf<Policies> = { readonly [Entity in keyof Policies]: TypeOfPolicy<Policies[Entity]> };

export type IdOf<Types, Entity extends keyof Types> = Types[Entity] extends EntityType<unknown, infer Id, unknown> ? Id : string;
export type ValueOf<Types, Entity extends keyof Types> = Types[Entity] extends EntityType<infer Value, string, unknown> ? Value : unknown;
export type LoadedOf<Types, Entity extends keyof Types> =
  Types[Entity] extends EntityType<unknown, string, infer Loaded> ? Loaded : unknown;
/** Of an entity without a type a call's own is believed. */
export type Answer<Declared, Given> = unknown extends Declared ? Given : Declared;
