/**
 * Roles: what one part asks of another.
 *
 * A role is a typed name. A device `provides` one role and lists the roles it `needs`;
 * the machine matches them when it is assembled. Because the name is a registered symbol, a
 * plugin that carries its own copy of the SDK still matches.
 */

declare const shape: unique symbol;

/** A typed name for an interface between parts. */
export interface Role<out X> {
  readonly key: symbol;
  readonly name: string;
  readonly [shape]?: X;
}

/** Declares a role. `name` is kebab-case and global: two roles with one name are the same role. */
export const role = <X>(name: string): Role<X> => ({ key: Symbol.for(`backplane:${name}`), name });

/** A need that may stay unfilled: the device receives `undefined`. */
export interface OptionalNeed<out X> {
  readonly optional: Role<X>;
}

/** A need for every provider of a role in the machine, in profile order (option ROMs, tables, ...). */
export interface EveryNeed<out X> {
  readonly every: Role<X>;
}

export type Need = Role<unknown> | OptionalNeed<unknown> | EveryNeed<unknown>;
export type Needs = Readonly<Record<string, Need>>;

/** What `create` receives for its `needs`. */
export type Resolved<N extends Needs> = {
  readonly [K in keyof N]: N[K] extends Role<infer X> ? X : N[K] extends OptionalNeed<infer X> ? X | undefined : N[K] extends EveryNeed<infer X> ? readonly X[] : never;
};

export const optional = <X>(wanted: Role<X>): OptionalNeed<X> => ({ optional: wanted });
export const every = <X>(wanted: Role<X>): EveryNeed<X> => ({ every: wanted });
