import { useEffect, useRef, useState } from 'react'
import type { Position } from '../../../contracts/geo.ts'
import { toError } from '../http/http-error.ts'
import { useQuery } from '../http/use-query.ts'
import { useTheme } from '../theme/theme.ts'
import { Failed, Loading } from '../ui/states.tsx'
import { type Ground, loadGround } from './ground.ts'
import { createPickMap, type PickMapHandle } from './pick-map.ts'

interface PickMapCanvasProps {
  readonly position: Position | undefined
  readonly onPick: (position: Position) => void
}

/** A map to choose a place on. */
export function PickMapCanvas(props: PickMapCanvasProps) {
  const ground = useQuery('city', loadGround)
  const theme = useTheme()
  if (ground.error !== undefined && ground.data === undefined) {
    return <Failed what="the map" error={ground.error} onRetry={ground.reload} />
  }
  if (ground.data === undefined) return <Loading what="the map" />
  return <Canvas key={theme} ground={ground.data} {...props} />
}

function Canvas({ ground, position, onPick }: PickMapCanvasProps & { readonly ground: Ground }) {
  const container = useRef<HTMLDivElement>(null)
  const map = useRef<PickMapHandle>(undefined)
  const [fault, setFault] = useState<string>()
  const newest = useRef({ position, onPick })
  newest.current = { position, onPick }

  useEffect(() => {
    try {
      const created = createPickMap({
        ...ground,
        container: container.current!,
        position: newest.current.position,
        onPick: (picked) => newest.current.onPick(picked),
        onFault: setFault,
      })
      map.current = created
      return () => created.destroy()
    } catch (thrown) {
      setFault(toError(thrown).message)
    }
  }, [ground])
  useEffect(() => map.current?.setPosition(position), [position])

  return (
    <>
      <div ref={container} className="pick-map" data-testid="pick-map" />
      {fault !== undefined && (
        <p className="muted" role="status">
          The map cannot be drawn here ({fault}). Type the position instead.
        </p>
      )}
    </>
  )
}
