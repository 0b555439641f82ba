import type { Role } from '../../contracts/roles.ts'
import type { Page, PageQuery } from './page.ts'

export interface User {
  readonly id: string
  /** Lower case. */
  readonly email: string
  readonly name: string
  readonly role: Role
  readonly state: 'active' | 'banned'
  readonly createdAtMs: number
  readonly updatedAtMs: number
}

export interface UserWithPassword extends User {
  readonly passwordHash: string
}

export interface UserQuery extends PageQuery {
  readonly role?: Role
  readonly state?: User['state']
}

/** @throws AppError `email-taken`, `user-not-found` */
export interface UserRecords {
  create(input: {
    readonly email: string
    readonly name: string
    readonly role: Role
    readonly passwordHash: string
  }): Promise<User>
  get(userId: string): Promise<User | undefined>
  findByEmail(email: string): Promise<UserWithPassword | undefined>
  /** Oldest first. */
  list(query: UserQuery): Promise<Page<User>>
  update(
    userId: string,
    change: {
      readonly name?: string
      readonly role?: Role
      readonly state?: User['state']
      readonly passwordHash?: string
    },
  ): Promise<User>
  /** How many active users have one of these roles. */
  countByRole(roles: readonly Role[]): Promise<number>
}
