import { CopyButton } from '../../ui/copy-button.tsx'
import { ShownOnce } from '../../ui/shown-once.tsx'
import { composeConnectLine } from './connect-line.ts'

interface DeviceSecretProps {
  readonly device: { readonly id: string; readonly name: string; readonly kinds: readonly string[] }
  readonly secret: string
  readonly onDone: () => void
}

/** The secret of a device, with a line to try it by. */
export function DeviceSecret({ device, secret, onDone }: DeviceSecretProps) {
  const line = composeConnectLine({ host: location.hostname, deviceId: device.id, secret, kinds: device.kinds })
  return (
    <ShownOnce title={`Secret of ${device.name}`} what="the secret" value={secret} onDone={onDone}>
      <p>
        The device connects over MQTT with its id <code>{device.id}</code> as client id and username, and the secret as
        password. To try it from a shell:
      </p>
      <div className="shell-line">
        <pre>{line}</pre>
        <CopyButton text={line} what="the line" />
      </div>
      <p className="muted">
        Where MQTT does not listen on port 1883, add <code>-p</code> and the port; over TLS, <code>--cafile</code> too.
      </p>
    </ShownOnce>
  )
}
