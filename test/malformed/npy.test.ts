/** Malformed files of the parser that this file is named after. */
import { checkParser } from './check.ts'

checkParser('npy')
