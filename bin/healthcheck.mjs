// For the container: 0 when the server is ready for traffic, 1 when it is not. Prints why.
const port = process.env.PRAHARI_HTTP_PORT || '3000'
try {
  const response = await fetch(`http://127.0.0.1:${port}/api/health?ready=true`, { signal: AbortSignal.timeout(2500) })
  process.stdout.write(`${response.status} ${await response.text()}\n`)
  process.exitCode = response.ok ? 0 : 1
} catch (error) {
  process.stdout.write(`no answer: ${error.message}\n`)
  process.exitCode = 1
}
