import { useEffect, useRef, useState } from 'react'
import { request } from '../../http/client.ts'
import { explainFault } from '../../http/explain-fault.ts'
import { checkImportSize, checkImportText, composePart, type ImportFile, partLinesMax } from './import-file.ts'
import { type AnsweredLine, type ImportResult, toResults } from './import-report.ts'

/** A file on its way. */
export interface Import {
  readonly name: string
  readonly file: ImportFile
  readonly state: 'ready' | 'sending' | 'stopped' | 'done'
  /** Of the lines that were sent, in the order they were. */
  readonly results: readonly ImportResult[]
  /** Why it stopped. */
  readonly problem: string | undefined
  /** For how many of the results the secrets were downloaded. */
  readonly savedCount: number
}

export interface ImportControl {
  readonly current: Import | undefined
  /** What is wrong with the file that was chosen last. */
  readonly refusal: string | undefined
  readonly choose: (file: File) => Promise<void>
  /** Sends what is left of it. */
  readonly send: () => Promise<void>
  /** After the part that is under way. */
  readonly stop: () => void
  /** The secrets so far were downloaded. */
  readonly save: () => void
  readonly forget: () => void
}

export function useImport(): ImportControl {
  const [current, setCurrent] = useState<Import>()
  const [refusal, setRefusal] = useState<string>()
  const mayGoOn = useRef(false)
  useEffect(
    () => () => {
      mayGoOn.current = false
    },
    [],
  )

  async function choose(chosen: File): Promise<void> {
    setCurrent(undefined)
    setRefusal(checkImportSize(chosen.size))
    if (checkImportSize(chosen.size) !== undefined) return
    const check = checkImportText(await chosen.text())
    if (check.type === 'refused') setRefusal(check.problem)
    else
      setCurrent({
        name: chosen.name,
        file: check.file,
        state: 'ready',
        results: [],
        problem: undefined,
        savedCount: 0,
      })
  }

  async function send(): Promise<void> {
    if (current === undefined) return
    const { file } = current
    let { results } = current
    mayGoOn.current = true
    setCurrent({ ...current, state: 'sending', problem: undefined })
    try {
      while (mayGoOn.current && results.length < file.rows.length) {
        const rows = file.rows.slice(results.length, results.length + partLinesMax)
        const report = await request<{ readonly results: readonly AnsweredLine[] }>('/api/devices/bulk', {
          method: 'POST',
          content: composePart(file, rows),
        })
        results = [...results, ...toResults(rows, report.results)]
        setCurrent({ ...current, state: 'sending', results, problem: undefined })
      }
      const state = results.length < file.rows.length ? 'stopped' : 'done'
      setCurrent({ ...current, state, results, problem: undefined })
    } catch (thrown) {
      setCurrent({ ...current, state: 'stopped', results, problem: explainFault(thrown) })
    }
  }

  return {
    current,
    refusal,
    choose,
    send,
    stop() {
      mayGoOn.current = false
    },
    save() {
      if (current !== undefined) setCurrent({ ...current, savedCount: current.results.length })
    },
    forget() {
      setCurrent(undefined)
      setRefusal(undefined)
    },
  }
}
