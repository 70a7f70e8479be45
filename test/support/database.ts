/** A database of its own for a test file, made from the migrations. */
import { randomBytes } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import pg from 'pg'

export async function freshDatabase (): Promise<{ url: string, drop: () => Promise<void> }> {
  const base = process.env['DATABASE_URL'] ?? ''
  const name = `t_${randomBytes(6).toString('hex')}`
  const run = async (url: string, sql: string): Promise<void> => {
    const client = new pg.Client({ connectionString: url })
    await client.connect()
    try { await client.query(sql) } finally { await client.end() }
  }
  await run(base, `CREATE DATABASE ${name}`)
  const url = Object.assign(new URL(base), { pathname: `/${name}` }).href
  const folder = new URL('../../prisma/migrations/', import.meta.url)
  for (const step of readdirSync(folder).filter((entry) => /^\d/.test(entry)).sort()) await run(url, readFileSync(new URL(`${step}/migration.sql`, folder), 'utf8'))
  return { url, drop: async () => { await run(base, `DROP DATABASE ${name} WITH (FORCE)`) } }
}
