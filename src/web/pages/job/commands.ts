/** The commands that submit a run once more: the same model, data and recipe, with its seed. */
import type { Job } from '../../api/types.ts'

export interface CommandsOptions {
  readonly job: Pick<Job, 'model' | 'dataset' | 'evaluationDataset' | 'recipe' | 'priority' | 'needs' | 'limits'>
  /** The service's address. */
  readonly base: string
  /** Does it want a key? It is read from ESPALIER_KEY. */
  readonly withKey: boolean
}

/** What POST /v1/jobs takes. */
export function bodyOf ({ model, dataset, evaluationDataset, recipe, priority, needs, limits }: CommandsOptions['job']): object {
  return {
    model,
    ...(dataset !== undefined && { dataset }),
    ...(evaluationDataset !== undefined && { evaluationDataset }),
    recipe,
    ...(priority !== 0 && { priority }),
    ...(Object.keys(needs).length > 0 && { needs }),
    ...(Object.keys(limits).length > 0 && { limits }),
  }
}

/** For a POSIX shell. */
export function curlCommand ({ job, base, withKey }: CommandsOptions): string {
  const body = JSON.stringify(bodyOf(job), null, 2).replaceAll("'", "'\\''")
  return `curl --fail-with-body ${base}/v1/jobs \\\n${withKey ? '  -H "Authorization: Bearer $ESPALIER_KEY" \\\n' : ''}  -H 'Content-Type: application/json' \\\n  -d '${body}'\n`
}

/** For Python 3 without packages: submits, waits for the end, downloads what was made. */
export function pythonScript ({ job, base, withKey }: CommandsOptions): string {
  // A raw string in triple quotes cannot hold three quotes; JSON has no need of any that is not escaped.
  const body = JSON.stringify(bodyOf(job), null, 2).replaceAll("'", '\\u0027')
  return `import json${withKey ? ', os' : ''}, urllib.request

BASE = '${base}'
HEADERS = {'Content-Type': 'application/json'${withKey ? ", 'Authorization': 'Bearer ' + os.environ['ESPALIER_KEY']" : ''}}
JOB = json.loads(r'''${body}''')

def ask(path, data=None):
    request = urllib.request.Request(BASE + path, data, HEADERS)
    with urllib.request.urlopen(request) as answer:
        return answer.read()

job = json.loads(ask('/v1/jobs', json.dumps(JOB).encode()))
while job['state'] not in ('succeeded', 'failed', 'cancelled'):
    job = json.loads(ask('/v1/jobs/' + job['id'] + '?wait=30'))
print(job['id'], job['state'], job.get('error', {}).get('message', ''))
for artifact in job['artifacts']:
    with open(artifact['name'], 'wb') as file:
        file.write(ask(artifact['url']))
    print(artifact['name'], artifact['sha256'])
`
}
