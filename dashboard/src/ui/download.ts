/** Gives the person a file that was made here. */
export function download({ name, type, text }: { name: string; type: string; text: string }): void {
  const url = URL.createObjectURL(new Blob([text], { type }))
  const link = document.createElement('a')
  link.href = url
  link.download = name
  link.click()
  // Browsers read it some time after the press.
  setTimeout(() => URL.revokeObjectURL(url), 60_000)
}
