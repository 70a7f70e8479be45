/** Malformed files of the parser that its name says. */
import { checkParser } from './check.ts'

checkParser('zip')
