import { describe, expect, it } from 'vitest'
import type { SocketNotice } from '../../../contracts/ports/outbox.ts'
import { aLiveHouse, type Screen } from './live-house.ts'

const notice: SocketNotice = {
  id: 'n1',
  eventKey: 'sos:s1:raised',
  urgency: 'sos',
  subject: 'SOS from Asha',
  text: 'SOS from Asha at 12:05 UTC.',
}
const patience = () => new AbortController().signal

function heardBy({ socket }: Screen, answer: unknown): SocketNotice[] {
  const heard: SocketNotice[] = []
  socket.on('notice', (told: SocketNotice, reply: (answer: unknown) => void) => {
    heard.push(told)
    if (answer !== undefined) reply(answer)
  })
  return heard
}

async function aHouse() {
  const house = await aLiveHouse()
  const operator = await house.aToken('operator')
  const arrive = async (token: string) => {
    const screen = house.screen({ token })
    expect(await screen.arrival).toBe('connected')
    return screen
  }
  return { ...house, operator, arrive }
}

describe('a notice to a person’s sockets', () => {
  it('has been shown once one of them says so, and goes to nobody else', async () => {
    const { live, operator, arrive, aToken } = await aHouse()
    const [silent, shown] = [await arrive(operator.token), await arrive(operator.token)]
    const other = await arrive((await aToken('operator')).token)
    const heard = [heardBy(silent, undefined), heardBy(shown, { shown: true }), heardBy(other, { shown: true })]
    expect(await live.page(operator.userId, notice, patience())).toBe(true)
    await silent.until(() => heard[0]!.length === 1)
    expect(heard).toEqual([[notice], [notice], []])
  })

  it('is for nobody when none is open', async () => {
    const { live, operator } = await aHouse()
    expect(await live.page(operator.userId, notice, patience())).toBe(false)
  })

  it('has been seen by nobody when it is answered in any other way', async () => {
    const { live, operator, arrive } = await aHouse()
    heardBy(await arrive(operator.token), { shown: 'perhaps' })
    await expect(live.page(operator.userId, notice, patience())).rejects.toThrow('nobody has seen the notice')
  })

  it('has been seen by nobody when the socket leaves before it answers', async () => {
    const { live, operator, arrive } = await aHouse()
    const screen = await arrive(operator.token)
    screen.socket.on('notice', () => void screen.socket.disconnect())
    await expect(live.page(operator.userId, notice, patience())).rejects.toMatchObject({ code: 'channel-unreachable' })
  })

  it('is not sent to a socket whose token has run out', async () => {
    const { live, operator, arrive, clock } = await aHouse()
    const screen = await arrive(operator.token)
    const heard = heardBy(screen, { shown: true })
    clock.nowMs += 16 * 60_000
    await screen.until(() => screen.notices.length > 0)
    expect(await live.page(operator.userId, notice, patience())).toBe(false)
    expect(heard).toEqual([])
  })
})
