export { type Accounts, type AccountsDeps, createAccounts, type Identity, type SignedIn } from './accounts.ts'
