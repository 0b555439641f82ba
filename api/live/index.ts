export { createLiveFeed, type LiveFeed, type LiveFeedDeps, type LiveFeedStats } from './live-feed.ts'
export type { LiveOptions } from './options.ts'
