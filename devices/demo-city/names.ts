import { type Random, shuffle } from '../random.ts'

/** Words that Indian cities name themselves with: trees, birds, water, light. No person and no real place is meant. */
// biome-ignore format: four lines of words read better than forty
const words = [
  'Gulmohar', 'Amaltas', 'Kachnar', 'Parijat', 'Champa', 'Chameli', 'Kaner', 'Palash', 'Shirish', 'Tamal',
  'Mayur', 'Chakor', 'Koyal', 'Sarang', 'Hansa', 'Neelkanth', 'Papiha', 'Tara', 'Suraj', 'Jyoti',
  'Kiran', 'Megha', 'Varsha', 'Vasant', 'Sharad', 'Hemant', 'Indradhanush', 'Akash', 'Dhruv', 'Mandakini',
  'Kamal', 'Kumud', 'Neem', 'Peepal', 'Ashoka', 'Imli', 'Jamun', 'Bel', 'Anar', 'Kadam',
]
const districtEndings = ['Nagar', 'pura', 'ganj', 'Vihar', 'Bagh', 'Khand', 'Tola', 'Kunj']
const avenueEndings = ['Marg', 'Path', 'Avenue', 'Road']
const parkEndings = ['Udyan', 'Bagh', 'Maidan', 'Vatika']
const streetEndings = ['Street', 'Lane', 'Gali', 'Road']

export interface NameBook {
  readonly avenue: () => string
  readonly district: () => string
  readonly park: () => string
  readonly street: () => string
}

/** Names in a seeded order; each list gives every combination once before it repeats one. */
export function createNameBook(random: Random): NameBook {
  const book = (endings: readonly string[]) => {
    const order = shuffle(random, words)
    let taken = 0
    return () => {
      const word = order[taken % order.length]!
      const ending = endings[(taken + Math.floor(taken / order.length)) % endings.length]!
      taken += 1
      return /^[a-z]/.test(ending) ? `${word}${ending}` : `${word} ${ending}`
    }
  }
  return {
    avenue: book(avenueEndings),
    district: book(districtEndings),
    park: book(parkEndings),
    street: book(streetEndings),
  }
}
