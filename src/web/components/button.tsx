/** A button. */
import type { ReactNode } from 'react'
import { Button as AriaButton } from 'react-aria-components/Button'
import { Icon, type IconName } from './icon.tsx'

export interface ButtonProps {
  readonly children: ReactNode
  readonly kind?: 'plain' | 'primary' | 'danger' | 'quiet'
  readonly size?: 'small' | 'normal'
  readonly icon?: IconName
  readonly type?: 'button' | 'submit'
  readonly isDisabled?: boolean
  /** While it works: it says so and cannot be pressed again. */
  readonly isPending?: boolean
  readonly onPress?: () => void
  /** For who cannot see what it stands beside: "Cancel job_1". */
  readonly label?: string
}

export function Button ({ children, kind = 'plain', size = 'normal', icon, type = 'button', isDisabled = false, isPending = false, onPress, label }: ButtonProps) {
  return (
    <AriaButton className={`button ${kind} ${size}`} type={type} isDisabled={isDisabled} isPending={isPending} {...(onPress && { onPress })} {...(label !== undefined && { 'aria-label': label })}>
      {icon !== undefined && <Icon name={icon} />}
      {children}
    </AriaButton>
  )
}
