import type { StandardSchema } from './codec/standard-schema.ts';
import type { PolicyInput } from './policy.ts';

/** The TypeScript types of one entity, as `typed` states them. */
export interface EntityType<Value = unknown, Id extends string = string> {
  readonly value: Value;
  readonly id: Id;
}

declare const typeBrand: unique symbol;
/** Carries types in a policy; nothing of it is there at run time. */
export interface TypeMark<Value, Id extends string> {
  readonly [typeBrand]?: EntityType<Value, Id>;
}

/** For `policies: { product: { type: typed<Product>(), … } }`: what its loaders return, and which ids it takes. */
export function typed<Value, Id extends string = string>(): TypeMark<Value, Id> {
  return {};
}

/** Said by `type`; else what `project` returns, or what `schema` lets pass; else unknown, and each call says it. */
type TypeOfPolicy<Policy> = Policy extends { readonly type: TypeMark<infer Value, infer Id> }
  ? EntityType<Value, Id>
  : Policy extends { readonly project: (value: never) => infer Value }
    ? EntityType<Value>
    : Policy extends { readonly schema: StandardSchema<infer Value> }
      ? EntityType<Value>
      : EntityType;

/** Refuses a field that no policy has: a type that is inferred takes any. */
export type KnownFields<Policies> = {
  readonly [Entity in keyof Policies]: { readonly [Field in keyof Policies[Entity]]: Field extends keyof PolicyInput ? unknown : never };
};

export type TypesOf<Policies> = { readonly [Entity in keyof Policies]: TypeOfPolicy<Policies[Entity]> };

export type IdOf<Types, Entity extends keyof Types> = Types[Entity] extends EntityType<unknown, infer Id> ? Id : string;
export type ValueOf<Types, Entity extends keyof Types> = Types[Entity] extends EntityType<infer Value> ? Value : unknown;
/** Of an entity without a type a call's own is believed. */
export type Answer<Declared, Given> = unknown extends Declared ? Given : Declared;
