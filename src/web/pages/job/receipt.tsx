/** The proof: files to download with how they were verified, warnings, and where everything came from. */
import type { Job, Receipt } from '../../api/types.ts'
import { Card } from '../../components/card.tsx'
import { bytes, count, figure } from '../../format/numbers.ts'
import { duration } from '../../format/time.ts'
import { DownloadFile, DownloadText } from '../../components/download.tsx'

export function ReceiptCard ({ job: { id, artifacts }, receipt }: { readonly job: Job, readonly receipt: Receipt }) {
  const outputs = new Map(receipt.outputs.map((output) => [output.name, output]))
  return (
    <Card title='Receipt' actions={<DownloadText address={`/v1/jobs/${id}/report`} name={`receipt-${id}.html`}>Receipt</DownloadText>}>
      <div className='stack'>
        {receipt.warnings.length > 0 && <div className='callout warn'><h3>To be aware of</h3><ul>{receipt.warnings.map((warning) => <li key={warning}>{warning}</li>)}</ul></div>}
        {artifacts.length > 0 && (
          <ul className='files'>
            {artifacts.map(({ name, bytes: size, sha256, url }) => (
              <li key={name}>
                <div className='file'>
                  <strong>{name}</strong>
                  <span className='small soft'>{bytes(size)}{outputs.get(name)?.verified === true ? `, verified: ${outputs.get(name)!.verification}` : ''}</span>
                  <code className='faint small'>sha256 {sha256}</code>
                </div>
                <DownloadFile address={url} label={`Download ${name}`}>Download</DownloadFile>
              </li>
            ))}
          </ul>
        )}
        <Origins receipt={receipt} />
      </div>
    </Card>
  )
}

function Origins ({ receipt: { evaluation, training, calibration, provenance, timings } }: { readonly receipt: Receipt }) {
  const { model, dataset, seed, versions, engine } = provenance
  return (
    <dl className='facts'>
      {evaluation !== null && <><dt>Measured on</dt><dd>{count(evaluation.examples)} examples ({evaluation.split}, {evaluation.task})</dd></>}
      {training !== undefined && <><dt>Trained on</dt><dd>{count(training.examples)} examples in {count(training.steps)} steps, {figure(training.stepsPerSecond, 3)} a second{training.resumedAtStep === null ? '' : `; went on from a checkpoint at step ${count(training.resumedAtStep)}`}</dd></>}
      {calibration !== undefined && <><dt>Calibrated on</dt><dd>{count(calibration.examples)} examples, {calibration.observed}</dd></>}
      <dt>Model</dt><dd>{model.format}, sha256 <code>{model.sha256}</code></dd>
      {dataset !== null && <><dt>Data set</dt><dd>{dataset.format}, sha256 <code>{dataset.sha256}</code></dd></>}
      <dt>Seed</dt><dd className='number'>{seed}</dd>
      <dt>Made with</dt><dd>{Object.entries(versions).map(([name, version]) => `${name} ${version}`).join(', ')}</dd>
      <dt>Device</dt><dd>{Object.entries(engine).filter(([, value]) => typeof value !== 'object').map(([name, value]) => `${name} ${String(value)}`).join(', ')}</dd>
      <dt>Time by phase</dt><dd>{Object.entries(timings).map(([name, seconds]) => `${name} ${duration(seconds)}`).join(', ')}</dd>
    </dl>
  )
}
