import { useEffect } from 'react'
import { useMay } from '../session/permissions.ts'
import { type Profile, recheckUser, useSession } from '../session/session.ts'
import { AddressesCard } from './addresses-card.tsx'
import { ComfortCard } from './comfort-card.tsx'
import { DataCard } from './data-card.tsx'
import { PasswordCard } from './password-card.tsx'
import { PersonCard } from './person-card.tsx'
import { SecondFactorCard } from './second-factor-card.tsx'
import { SessionsCard } from './sessions-card.tsx'

/** One's own account: who one is, how one signs in, where one is signed in, and what one needs. */
export function ProfilePage() {
  const session = useSession()
  useEffect(() => {
    // Others may have changed it since: a flat confirmed, a role given.
    void recheckUser()
  }, [])
  return session.state === 'signed-in' ? <ProfileOf user={session.user} /> : null
}

function ProfileOf({ user }: { user: Profile }) {
  const mayUseSecondFactor = useMay('second-factor.use')
  return (
    <div className="page">
      <header className="page-head">
        <h1>Profile</h1>
      </header>
      <div className="profile-grid">
        <div className="profile-column">
          <PersonCard user={user} />
          <AddressesCard user={user} />
        </div>
        <div className="profile-column">
          <PasswordCard user={user} />
          {/* Who had one and lost the role can still switch it off. */}
          {(mayUseSecondFactor || user.hasSecondFactor) && <SecondFactorCard user={user} />}
          <SessionsCard />
        </div>
        <div className="profile-column">
          <ComfortCard settings={user.accessibilitySettings} />
          <DataCard user={user} />
        </div>
      </div>
    </div>
  )
}
