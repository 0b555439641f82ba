import { createHash } from 'node:crypto'
import type { OpenApiDocument, OpenApiOperation, OpenApiParameter } from './openapi.ts'
import { outlineSchema } from './schema-outline.ts'

/**
 * The API as one page for people: no script, nothing fetched, so that it works offline and under the strictest policy.
 * It is made of the OpenAPI document, which tools can load from /api/openapi.json.
 */
export function renderDocsPage(document: OpenApiDocument): string {
  const operations = listOperations(document)
  const tags = [...new Set(operations.map(({ operation }) => operation.tags[0]!))]
  const sections = tags.map((tag) => {
    const ofTag = operations.filter(({ operation }) => operation.tags[0] === tag)
    return `<section id="${escapeHtml(tag)}"><h2>${escapeHtml(tag)}</h2>${ofTag.map(renderOperation).join('')}</section>`
  })
  const { title, version, description } = document.info
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escapeHtml(title)} API</title>
<style>${styleSheet}</style>
</head>
<body>
<header>
<h1>${escapeHtml(title)} API <small>${escapeHtml(version)}</small></h1>
${description.split('\n\n').map(renderParagraph).join('')}
<p>For tools: <a href="/api/openapi.json">OpenAPI 3.1</a>.</p>
</header>
<nav aria-label="Areas">${[...tags, 'Schemas'].map((tag) => `<a href="#${escapeHtml(tag)}">${escapeHtml(tag)}</a>`).join(' ')}</nav>
<main>
${sections.join('\n')}
<section id="Schemas"><h2>Schemas</h2>${renderSchemas(document)}</section>
</main>
</body>
</html>
`
}

interface ListedOperation {
  readonly method: string
  readonly path: string
  readonly operation: OpenApiOperation
}

function listOperations(document: OpenApiDocument): ListedOperation[] {
  return Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({ method, path, operation })),
  )
}

function renderOperation({ method, path, operation }: ListedOperation): string {
  const { parameters = [], requestBody, responses } = operation
  const lock = operation.security.length > 0 ? '<span class="lock" title="Needs a token">token</span>' : ''
  return `<details id="${operation.operationId}">
<summary><b class="${method}">${method.toUpperCase()}</b> <code>${escapeHtml(path)}</code>
<span>${escapeHtml(operation.summary)}</span> ${lock}</summary>
${(operation.description ?? '').split('\n\n').map(renderParagraph).join('')}
${parameters.length > 0 ? renderParameters(parameters) : ''}
${requestBody === undefined ? '' : `<h3>Body</h3>${renderContent(requestBody.content)}`}
<h3>Answers</h3>
${Object.entries(responses)
  .map(([status, { description, content }]) => {
    const isError = Number(status) >= 400
    const about = `<p class="answer"><b>${status}</b> ${renderInline(description)}</p>`
    return isError || content === undefined ? about : about + renderContent(content)
  })
  .join('')}
</details>
`
}

function renderParameters(parameters: readonly OpenApiParameter[]): string {
  const rows = parameters.map(({ name, in: place, required, description = '', schema }) => {
    const fallback = schema.default === undefined ? [] : [`Default \`${schema.default}\``]
    const about = [...(description === '' ? [] : [description]), ...fallback].join('. ')
    return `<tr><td><code>${escapeHtml(name)}</code>${required ? ' *' : ''}</td><td>${place}</td>
<td><code>${escapeHtml(outlineSchema(schema))}</code></td><td>${renderInline(about)}</td></tr>`
  })
  return `<h3>Parameters</h3><div class="wide"><table><tbody>${rows.join('')}</tbody></table></div>`
}

function renderContent(content: Readonly<Record<string, { schema: Record<string, unknown> }>>): string {
  return Object.entries(content)
    .map(
      ([type, { schema }]) => `<p class="type">${escapeHtml(type)}</p><pre>${linkNames(outlineSchema(schema))}</pre>`,
    )
    .join('')
}

function renderSchemas({ components }: OpenApiDocument): string {
  return Object.entries(components.schemas)
    .sort(([a], [b]) => a.localeCompare(b))
    .map(([name, schema]) => `<h3 id="schema-${name}">${name}</h3><pre>${linkNames(outlineSchema(schema))}</pre>`)
    .join('')
}

/** Our schema names are the only capitalised words that stand where a type does. */
function linkNames(outline: string): string {
  return escapeHtml(outline).replace(
    /(^|: |\| |\()([A-Z][A-Za-z]+)(?=$|\[|\)| \||\n| {3}\/\/)/gm,
    (_match, before: string, name: string) => `${before}<a href="#schema-${name}">${name}</a>`,
  )
}

function renderParagraph(text: string): string {
  return text === '' ? '' : `<p>${renderInline(text)}</p>`
}

function renderInline(text: string): string {
  return escapeHtml(text).replace(/`([^`]+)`/g, '<code>$1</code>')
}

const htmlEscapes: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
}

function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => htmlEscapes[character]!)
}

const styleSheet = `
:root{color-scheme:light dark;--line:#8884;--soft:#8881;--link:light-dark(#0b57d0,#8ab4f8)}
body{font:16px/1.5 system-ui,sans-serif;margin:0 auto;max-width:60rem;padding:1rem}
a{color:var(--link)} h1 small{font-weight:400;opacity:.7} h2{margin-top:2rem} h3{font-size:1rem;margin:1rem 0 .25rem}
nav{position:sticky;top:0;z-index:1;background:Canvas;border-bottom:1px solid var(--line);padding:.5rem 0;display:flex;flex-wrap:wrap;gap:.25rem 1rem}
section,details,h3{scroll-margin-top:4.5rem} details{border:1px solid var(--line);border-radius:.4rem;margin:.4rem 0;padding:0 .75rem}
details[open]{padding-bottom:.75rem} summary{cursor:pointer;padding:.5rem 0;overflow-wrap:anywhere}
summary b{display:inline-block;min-width:4.2rem} summary span{margin-left:.5rem;opacity:.85}
.get{color:light-dark(#1a6b2f,#81c995)} .post{color:light-dark(#0b57d0,#8ab4f8)} .patch,.put{color:light-dark(#8a5300,#fdd663)} .delete{color:light-dark(#b3261e,#f28b82)}
.lock{border:1px solid var(--line);border-radius:.6rem;padding:0 .5rem;font-size:.8rem}
.type{margin:.5rem 0 0;font-size:.85rem;opacity:.8} .wide,pre{overflow-x:auto}
pre{background:var(--soft);border-radius:.4rem;padding:.6rem;margin:.25rem 0;font-size:.85rem}
code,small{overflow-wrap:anywhere} .answer{margin:.2rem 0}
table{border-collapse:collapse} td{border-top:1px solid var(--line);padding:.3rem .75rem .3rem 0;vertical-align:top}
@media (max-width:40rem){td{display:block;border:0;padding:0} td:first-child{border-top:1px solid var(--line);padding-top:.4rem}}
`

/** Allows the page its one style sheet, by its hash, and nothing else at all. */
export const docsPagePolicy = [
  "default-src 'none'",
  `style-src 'sha256-${createHash('sha256').update(styleSheet).digest('base64')}'`,
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ')
