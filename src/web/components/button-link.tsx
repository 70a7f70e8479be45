/** A link within the dashboard that looks like a button. */
import type { ReactNode } from 'react'
import { Link } from 'wouter'
import { Icon, type IconName } from './icon.tsx'

export interface ButtonLinkProps { readonly href: string, readonly children: ReactNode, readonly kind?: 'plain' | 'primary' | 'quiet', readonly icon?: IconName }

export function ButtonLink ({ href, children, kind = 'plain', icon }: ButtonLinkProps) {
  return <Link href={href} className={`button ${kind}`}>{icon !== undefined && <Icon name={icon} />}{children}</Link>
}
