import type { Map as MapLibreMap } from 'maplibre-gl'
import { readToken } from '../theme/theme.ts'
import { type MarkName, markNames, marks } from '../ui/shapes.ts'

const pixelRatio = 2
const gridPx = 24

/** The marks of lists and legends, drawn once per theme for the GPU: `mark-high`, `cluster-6`, `sos`, `selected`. */
export function addMarkImages(map: MapLibreMap): void {
  for (const name of markNames) {
    map.addImage(
      `mark-${name}`,
      draw(26, (context) => drawMark(context, name)),
      { pixelRatio },
    )
    map.addImage(
      `cluster-${marks[name].rank}`,
      draw(40, (context) => drawCluster(context, name)),
      { pixelRatio },
    )
  }
  map.addImage('sos', draw(64, drawSos), { pixelRatio })
  map.addImage('selected', draw(44, drawSelected), { pixelRatio })
}

function draw(sizePx: number, paint: (context: CanvasRenderingContext2D) => void): ImageData {
  const canvas = document.createElement('canvas')
  canvas.width = sizePx * pixelRatio
  canvas.height = sizePx * pixelRatio
  const context = canvas.getContext('2d')!
  context.scale(pixelRatio, pixelRatio)
  context.lineJoin = 'round'
  context.lineCap = 'round'
  paint(context)
  return context.getImageData(0, 0, canvas.width, canvas.height)
}

/** A mark with a rim of the ground's colour, so that it stands out from any street. */
function drawMark(context: CanvasRenderingContext2D, name: MarkName): void {
  const mark = marks[name]
  const outline = new Path2D(mark.path)
  context.translate(1, 1)
  context.lineWidth = 4
  context.strokeStyle = readToken('map-halo')
  context.stroke(outline)
  context.fillStyle = mark.solid ? readToken(mark.token) : readToken('surface')
  context.fill(outline)
  context.lineWidth = 2.4
  if (!mark.solid) {
    context.strokeStyle = readToken(mark.token)
    context.setLineDash(mark.dashed ? [4, 3] : [])
    context.stroke(outline)
    context.setLineDash([])
  }
  if (mark.detail === '') return
  context.strokeStyle = mark.solid ? readToken('mark-ink') : readToken(mark.token)
  context.stroke(new Path2D(mark.detail))
}

/** A disc for the count, ringed in the colour of the worst inside and with its shape at the shoulder. */
function drawCluster(context: CanvasRenderingContext2D, name: MarkName): void {
  const mark = marks[name]
  context.beginPath()
  context.arc(20, 20, 16, 0, 2 * Math.PI)
  context.fillStyle = readToken('surface')
  context.fill()
  context.lineWidth = mark.rank >= marks.low.rank ? 4 : 2.5
  context.strokeStyle = readToken(mark.token)
  context.stroke()
  if (name === 'ok') return
  const scale = 15 / gridPx
  context.translate(40 - 16, 0)
  context.scale(scale, scale)
  drawMark(context, name)
}

function drawSos(context: CanvasRenderingContext2D): void {
  context.beginPath()
  context.arc(32, 32, 29, 0, 2 * Math.PI)
  context.fillStyle = readToken('sos-ink')
  context.fill()
  context.beginPath()
  context.arc(32, 32, 26, 0, 2 * Math.PI)
  context.fillStyle = readToken('sos')
  context.fill()
  context.fillStyle = readToken('sos-ink')
  context.font = '800 19px system-ui, sans-serif'
  context.textAlign = 'center'
  context.textBaseline = 'middle'
  context.fillText('SOS', 32, 33)
}

function drawSelected(context: CanvasRenderingContext2D): void {
  context.beginPath()
  context.arc(22, 22, 18, 0, 2 * Math.PI)
  context.lineWidth = 5
  context.strokeStyle = readToken('map-halo')
  context.stroke()
  context.lineWidth = 3
  context.strokeStyle = readToken('focus')
  context.stroke()
}
