import { deviceIdPattern } from '../../../../contracts/topics.ts'
import type { Choice } from '../../ui/choice.ts'
import { type PositionText, readPosition } from './position-text.ts'

/** A device as it is being written down. */
export interface DeviceForm {
  readonly id: string
  readonly name: string
  readonly kinds: readonly string[]
  readonly position: PositionText
  readonly gateway: Choice | undefined
  readonly owner: Choice | undefined
}

export const emptyDeviceForm: DeviceForm = {
  id: '',
  name: '',
  kinds: [],
  position: { latitude: '', longitude: '' },
  gateway: undefined,
  owner: undefined,
}

/** What keeps a form from being sent, by field. */
export function findProblems({ id, position }: DeviceForm): Readonly<Record<string, string>> {
  const problems: Record<string, string> = {}
  if (!deviceIdPattern.test(id.trim())) {
    problems.id = 'Letters, digits and . _ : - only, 1 to 64 of them, a letter or digit first.'
  }
  const read = readPosition(position)
  if (read.type === 'problem') problems.position = read.problem
  return problems
}

/** The body of POST /api/devices. */
export function toDeviceInput({ id, name, kinds, position, gateway, owner }: DeviceForm): Record<string, unknown> {
  const read = readPosition(position)
  return {
    id: id.trim(),
    ...(name.trim() !== '' && { name: name.trim() }),
    kinds,
    ...(read.type === 'position' && { position: read.position }),
    ...(gateway !== undefined && { gatewayId: gateway.id }),
    ...(owner !== undefined && { ownerId: owner.id }),
  }
}
