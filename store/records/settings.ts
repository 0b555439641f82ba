/** Small facts the installation remembers about itself. */
export interface SettingRecords {
  get(key: string): Promise<string | undefined>
  set(key: string, value: string): Promise<void>
  /** The stored value, or the made one, which is then stored. Two callers at once get the same. */
  getOrCreate(key: string, make: () => string): Promise<string>
}
