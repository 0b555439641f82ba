/**
 * What `decodeAnswer` makes of a resource of the HTTP API: `raisedAt` becomes `raisedAtMs` in epoch milliseconds, and
 * what may be null may be undefined instead.
 */
export type Decoded<T> = T extends readonly (infer Item)[]
  ? readonly Decoded<Item>[]
  : T extends object
    ? { readonly [K in keyof T as DecodedName<K>]: K extends TimeName ? DecodedTime<T[K]> : DecodedValue<T[K]> }
    : DecodedValue<T>

type TimeName = 'at' | `${string}At`
type DecodedName<K> = K extends TimeName ? `${K}Ms` : K
type DecodedTime<V> = null extends V ? number | undefined : number
type DecodedValue<V> = V extends null ? undefined : V extends object ? Decoded<V> : V
