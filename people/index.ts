export { type Accounts, createAccounts, type Identity, type SignedIn } from './accounts.ts'
