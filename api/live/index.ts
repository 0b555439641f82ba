export { createLiveFeed, type LiveFeed, type LiveFeedDeps, type LiveFeedStats } from './live-feed.ts'
export { defaultLiveOptions, type LiveOptions } from './options.ts'
