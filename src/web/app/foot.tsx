/** The navigation at the foot of a narrow window: what is used most, and a menu with the rest. */
import { useSyncExternalStore } from 'react'
import { Button } from 'react-aria-components/Button'
import { Menu, MenuItem, MenuTrigger } from 'react-aria-components/Menu'
import { Popover } from 'react-aria-components/Popover'
import { Link } from 'wouter'
import { useScopes } from '../api/scopes.ts'
import { endSession, onSessionChange, sessionState } from '../api/session.ts'
import { Icon } from '../components/icon.tsx'
import { FOOT, isHere, isShown, MORE } from './navigation.ts'
import { chooseTheme, isDark } from './theme.ts'

export function Foot ({ location }: { readonly location: string }) {
  const scopes = useScopes()
  const { has } = useSyncExternalStore(onSessionChange, sessionState)
  return (
    <nav className='foot' aria-label='Pages'>
      {FOOT.map(({ href, name, icon }) => (
        <Link key={href} href={href} className='foot-link' aria-current={isHere(href, location) ? 'page' : undefined}><Icon name={icon} />{name}</Link>
      ))}
      <MenuTrigger>
        <Button className='foot-link'><Icon name='more' />More</Button>
        <Popover className='popover' placement='top end'>
          <Menu className='options' aria-label='More'>
            {MORE.filter((place) => isShown(place, scopes)).map(({ href, name }) => <MenuItem key={href} className='option' href={href}>{name}</MenuItem>)}
            <MenuItem className='option' href='/docs' target='_blank'>API description</MenuItem>
            <MenuItem className='option' onAction={() => { chooseTheme(isDark() ? 'light' : 'dark') }}>Light or dark</MenuItem>
            {has && <MenuItem className='option' onAction={() => { void endSession() }}>Forget the key</MenuItem>}
          </Menu>
        </Popover>
      </MenuTrigger>
    </nav>
  )
}
