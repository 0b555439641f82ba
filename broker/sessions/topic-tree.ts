/** Values kept under topic filters, found by the topics that the filters match [MQTT 3.1.1, section 4.7]. */
export interface TopicTree<V> {
  add(filter: string, value: V): void
  /** Removing what is not there is harmless. */
  remove(filter: string, value: V): void
  match(topic: string): V[]
}

interface Node<V> {
  readonly children: Map<string, Node<V>>
  readonly values: Set<V>
}

export function createTopicTree<V>(): TopicTree<V> {
  const root = createNode<V>()
  return {
    add(filter, value) {
      let node = root
      for (const level of filter.split('/')) {
        const next = node.children.get(level) ?? createNode<V>()
        node.children.set(level, next)
        node = next
      }
      node.values.add(value)
    },
    remove(filter, value) {
      removeFrom(root, filter.split('/'), 0, value)
    },
    match(topic) {
      const found: V[] = []
      collect(root, topic.split('/'), 0, found)
      return found
    },
  }
}

function createNode<V>(): Node<V> {
  return { children: new Map(), values: new Set() }
}

/** Leaves no empty branches behind, so that devices that come and go do not grow the tree. */
function removeFrom<V>(node: Node<V>, levels: readonly string[], depth: number, value: V): void {
  const level = levels[depth]
  if (level === undefined) {
    node.values.delete(value)
    return
  }
  const child = node.children.get(level)
  if (child === undefined) return
  removeFrom(child, levels, depth + 1, value)
  if (child.values.size === 0 && child.children.size === 0) node.children.delete(level)
}

function collect<V>(node: Node<V>, levels: readonly string[], depth: number, found: V[]): void {
  const level = levels[depth]
  const isSystem = depth === 0 && level?.startsWith('$') === true
  // `a/#` matches `a` too [MQTT-4.7.1-2]; wildcards do not match `$SYS` [MQTT-4.7.2-1].
  if (!isSystem) addAll(node.children.get('#'), found)
  if (level === undefined) {
    addAll(node, found)
    return
  }
  const exact = node.children.get(level)
  if (exact !== undefined) collect(exact, levels, depth + 1, found)
  const any = isSystem ? undefined : node.children.get('+')
  if (any !== undefined) collect(any, levels, depth + 1, found)
}

function addAll<V>(node: Node<V> | undefined, found: V[]): void {
  if (node !== undefined) for (const value of node.values) found.push(value)
}

/** Whether one filter matches one topic. */
export function filterMatches(filter: string, topic: string): boolean {
  const wanted = filter.split('/')
  const levels = topic.split('/')
  if (topic.startsWith('$') && (wanted[0] === '#' || wanted[0] === '+')) return false
  for (const [depth, level] of wanted.entries()) {
    if (level === '#') return depth <= levels.length
    if (depth >= levels.length || (level !== '+' && level !== levels[depth])) return false
  }
  return wanted.length === levels.length
}

/** Whether every topic that `filter` matches is matched by `wider` too. */
export function filterCovers(wider: string, filter: string): boolean {
  const allowed = wider.split('/')
  const levels = filter.split('/')
  // Wildcards do not match `$SYS` [MQTT-4.7.2-1].
  if (filter.startsWith('$') && !wider.startsWith('$')) return false
  for (const [depth, level] of allowed.entries()) {
    if (level === '#') return depth <= levels.length
    const asked = levels[depth]
    if (asked === undefined || asked === '#') return false
    if (level !== '+' && level !== asked) return false
  }
  return allowed.length === levels.length
}

/** Where to look for the topics that a filter matches: one topic by name, and all that start in the same way. */
export interface TopicRange {
  readonly topic: string | undefined
  readonly prefix: string | undefined
}

export function topicRange(filter: string): TopicRange {
  const wildcard = filter.search(/[+#]/)
  if (wildcard === -1) return { topic: filter, prefix: undefined }
  // `a/#` matches `a` as well.
  const parent = filter[wildcard] === '#' && wildcard > 0 ? filter.slice(0, wildcard - 1) : undefined
  return { topic: parent, prefix: filter.slice(0, wildcard) }
}
