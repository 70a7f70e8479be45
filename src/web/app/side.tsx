/** The navigation at the side of a wide window. */
import { Link } from 'wouter'
import { useScopes } from '../api/scopes.ts'
import { Icon } from '../components/icon.tsx'
import { Logo } from '../components/logo.tsx'
import { isHere, isShown, PLACES } from './navigation.ts'
import { ForgetKey } from './forget-key.tsx'
import { ThemeChoice } from './theme-choice.tsx'

export function Side ({ location }: { readonly location: string }) {
  const scopes = useScopes()
  return (
    <header className='side'>
      <Link href='/jobs' className='brand'><Logo />Espalier</Link>
      <nav aria-label='Pages'>
        {PLACES.map(({ title, places }) => (
          <div key={title} className='nav-group'>
            <p className='nav-title' aria-hidden='true'>{title}</p>
            <ul>
              {places.filter((place) => isShown(place, scopes)).map(({ href, name, icon }) => (
                <li key={href}>
                  <Link href={href} className='nav-link' aria-current={isHere(href, location) ? 'page' : undefined}><Icon name={icon} />{name}</Link>
                </li>
              ))}
            </ul>
          </div>
        ))}
      </nav>
      <div className='side-foot'>
        <a className='nav-link' href='/docs'><Icon name='book' />API description</a>
        <ForgetKey />
        <ThemeChoice />
      </div>
    </header>
  )
}
