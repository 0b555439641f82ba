/**
 * The first `count` of the items in order. Sorting all of ten thousand readings for one page would hold up the thread
 * that SOS shares; most items cost one comparison here.
 */
export function takeSmallest<T>(items: Iterable<T>, count: number, compare: (a: T, b: T) => number): T[] {
  const taken: T[] = []
  for (const item of items) {
    const isFull = taken.length === count
    if (isFull && (count === 0 || compare(item, taken[count - 1]!) >= 0)) continue
    if (isFull) taken.pop()
    taken.splice(findPlace(taken, item, compare), 0, item)
  }
  return taken
}

/** Behind its equals, so that they keep their order. */
function findPlace<T>(sorted: readonly T[], item: T, compare: (a: T, b: T) => number): number {
  let low = 0
  let high = sorted.length
  while (low < high) {
    const middle = (low + high) >>> 1
    if (compare(sorted[middle]!, item) <= 0) low = middle + 1
    else high = middle
  }
  return low
}
