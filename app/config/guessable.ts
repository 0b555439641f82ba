/** What examples, templates and people in a hurry make secrets of. Longer words before the words they begin with. */
const words = `
  changeme change replace insert enter choose generate please these this here your with something some anything
  value must least minimum before use password passwort passphrase passwd pass secret token private signing key
  default example sample placeholder dummy demo testing test temporary temp development develop dev staging
  production prod local docker server super very long strong secure safe random string characters character chars bit
  administrator admin root user operator prahari city jwt metrics webhook records
  letmein welcome qwertyuiop qwerty asdfghjkl asdf iloveyou hello world foobar foo`
  .trim()
  .split(/\s+/)
const sequences = /0?1234?5?6?7?8?9?0?|9876?5?4?3?2?1?0?|abcd?e?f?g?h?i?j?k?l?m?n?o?p?q?r?s?t?u?v?w?x?y?z?/g
const known = new RegExp(words.join('|'), 'g')

/** Of anything that was drawn at random; even twelve hexadecimal digits have as many. */
const differentMin = 6
/** Of what is left when the well-known words are taken out, if they were more than a three-letter chance. */
const differentBesideWordsMin = 8
const wordLettersMin = 5

/**
 * Whether a secret is made of well-known words and counting, or of a few characters over and over. It cannot tell a good
 * secret from a bad one, only what is certainly bad.
 */
export function isGuessable(secret: string): boolean {
  const plain = secret.toLowerCase()
  if (countDifferent(plain) < differentMin) return true
  const rest = unmask(plain.replace(sequences, '')).replace(known, '')
  if (plain.length - rest.length < wordLettersMin) return false
  return countDifferent(rest.replace(/[^a-z0-9]/g, '')) < differentBesideWordsMin
}

/** `p@ssw0rd` is a password too. */
function unmask(text: string): string {
  return text.replaceAll('@', 'a').replaceAll('$', 's').replaceAll('0', 'o').replaceAll('3', 'e')
}

const countDifferent = (text: string) => new Set(text).size
