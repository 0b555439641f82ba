import { StrictMode } from 'react'
import { createRoot } from 'react-dom/client'
import { App } from './app.tsx'
import { restoreSession } from './session/session.ts'
import './theme/tokens.css'
import './theme/base.css'
import './theme/layout.css'
import './theme/pages.css'
import './theme/dispatch.css'
import './theme/sos.css'
import './theme/account.css'
import './theme/administration.css'
import { startTheme } from './theme/theme.ts'
import { startShortcuts } from './ui/shortcuts.ts'

startTheme()
startShortcuts()
void restoreSession()
createRoot(document.getElementById('root')!).render(
  <StrictMode>
    <App />
  </StrictMode>,
)
