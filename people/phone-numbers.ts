import {
  type CountryCode,
  getCountryCallingCode,
  isSupportedCountry,
  parsePhoneNumberFromString,
} from 'libphonenumber-js/min'
import { AppError } from '../contracts/errors.ts'

export interface PhoneNumbers {
  /**
   * @param text as people write it; without a country code it is a number of the city's own country
   * @returns E.164, for example `+919876543210`
   * @throws AppError `invalid-phone`
   */
  read(text: string): string
  /** @throws AppError `phone-country-not-served`: no messages are sent there */
  assertServed(phone: string): void
  /** @returns national digits for the city's own country, else E.164 */
  write(phone: string): string
}

/** The library would find a number in any text. */
const written = /^\s*\+?[\d\s().-]{4,31}$/

/** @param regions ISO 3166-1 alpha-2 codes: the city's country, then others that messages may be sent to */
export function createPhoneNumbers(regions: readonly string[]): PhoneNumbers {
  const countries = regions.map(asCountry)
  const [country] = countries as [CountryCode]
  const served = new Set<string>(countries.map((code) => getCountryCallingCode(code)))
  return {
    read(text) {
      const parsed = written.test(text) ? parsePhoneNumberFromString(text, country) : undefined
      // Possible rather than valid: numbering plans change faster than the tables of a library.
      if (parsed?.isPossible() === true) return parsed.number
      throw new AppError('invalid', 'invalid-phone', 'this is not a phone number')
    },
    assertServed(phone) {
      const code = parsePhoneNumberFromString(phone)?.countryCallingCode
      if (code !== undefined && served.has(code)) return
      throw new AppError('invalid', 'phone-country-not-served', 'no messages are sent to phones of this country')
    },
    write(phone) {
      const parsed = parsePhoneNumberFromString(phone)
      if (parsed === undefined) return phone
      return parsed.countryCallingCode === getCountryCallingCode(country) ? parsed.nationalNumber : parsed.number
    },
  }
}

function asCountry(region: string): CountryCode {
  if (isSupportedCountry(region)) return region
  throw new AppError('invalid', 'unknown-region', `${region} is not a country of phone numbers`)
}
