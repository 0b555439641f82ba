import type { Scope } from './scope.ts'

/** Small facts the installation remembers about itself. */
export interface SettingRecords {
  get(key: string): Promise<string | undefined>
  set(key: string, value: string): Promise<void>
  /** The stored value, or the made one, which is then stored. Two callers at once get the same. */
  getOrCreate(key: string, make: () => string): Promise<string>
}

export function createSettingRecords({ db, now }: Scope): SettingRecords {
  async function get(key: string) {
    const row = await db.selectFrom('settings').select('value').where('key', '=', key).executeTakeFirst()
    return row?.value
  }
  return {
    get,
    async set(key, value) {
      const changed = { value, updated_at_ms: now() }
      await db
        .insertInto('settings')
        .values({ key, ...changed })
        .onConflict((conflict) => conflict.column('key').doUpdateSet(changed))
        .execute()
    },
    async getOrCreate(key, make) {
      const known = await get(key)
      if (known !== undefined) return known
      await db
        .insertInto('settings')
        .values({ key, value: make(), updated_at_ms: now() })
        .onConflict((conflict) => conflict.doNothing())
        .execute()
      return (await get(key))!
    },
  }
}
