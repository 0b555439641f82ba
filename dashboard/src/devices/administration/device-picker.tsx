import type { DeviceResource } from '../../../../contracts/http/device.ts'
import { request } from '../../http/client.ts'
import type { Choice } from '../../ui/choice.ts'
import { SearchPicker } from '../../ui/search-picker.tsx'
import type { Page } from '../../ui/use-pages.ts'

interface DevicePickerProps {
  readonly label: string
  readonly chosen: Choice | undefined
  readonly onChoose: (device: Choice | undefined) => void
  readonly describedBy?: string | undefined
}

const choicesMax = 8

/** Finds a device by id or name. */
export function DevicePicker(props: DevicePickerProps) {
  return <SearchPicker {...props} placeholder="Id or name" none="No device has this id or name." find={findDevices} />
}

async function findDevices(search: string, signal: AbortSignal): Promise<Choice[]> {
  const { items } = await request<Page<Pick<DeviceResource, 'id' | 'name'>>>('/api/devices', {
    signal,
    query: { search, limit: choicesMax },
  })
  return items.map(({ id, name }) => ({ id, name, note: id }))
}
