/** Every metric of Espalier: name, type, labels and meaning. The registries, the documentation's table and its test come from here. */

/** Seconds of an HTTP request: most take milliseconds, uploads and `?wait=` minutes. */
const REQUEST_BUCKETS = [0.005, 0.025, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300]
/** Seconds of jobs and their stages: from a pruned weight to a trained week. */
const JOB_BUCKETS = [0.1, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 900, 3600, 14_400, 86_400]
/** Seconds in the queue: what the reconciler finds waits about its interval. */
const WAIT_BUCKETS = [0.01, 0.05, 0.25, 1, 5, 15, 60, 300, 900, 3600, 14_400]

export interface MetricDefinition {
  /** By the rules of OpenMetrics: base units in the name, `_total` for what only grows. */
  readonly name: string
  readonly type: 'counter' | 'gauge' | 'histogram'
  /** No label's values may be without bound: no ids, no names that clients choose. */
  readonly labels: readonly string[]
  readonly help: string
  readonly buckets?: readonly number[]
}

type Definitions = Readonly<Record<string, MetricDefinition>>

/** Of every process. */
export const PROCESS_WIDE = {
  buildInfo: { name: 'espalier_build_info', type: 'gauge', labels: ['version', 'role'], help: '1; version and role (api, worker) of the process' },
  blobRead: { name: 'espalier_blob_read_bytes_total', type: 'counter', labels: [], help: 'Bytes read from the blob store, without those of files that are read in place' },
  blobWritten: { name: 'espalier_blob_written_bytes_total', type: 'counter', labels: [], help: 'Bytes written to the blob store' },
  blobOperations: { name: 'espalier_blob_operations_total', type: 'counter', labels: ['operation', 'outcome'], help: 'Files put, taken, opened, streamed and deleted in the blob store; outcome is ok or error' },
} as const satisfies Definitions

/** Of the API. Those on jobs come from Postgres and are the same for all APIs of a service: take one of them, or `max`, not their sum. */
export const OF_API = {
  httpRequests: { name: 'espalier_http_requests_total', type: 'counter', labels: ['method', 'route', 'status'], help: 'Requests answered, by pattern of the route' },
  httpDuration: { name: 'espalier_http_request_duration_seconds', type: 'histogram', labels: ['method', 'route'], help: 'From the head of a request to the end of its answer', buckets: REQUEST_BUCKETS },
  httpInFlight: { name: 'espalier_http_requests_in_flight', type: 'gauge', labels: ['method', 'route'], help: 'Requests being answered now' },
  jobs: { name: 'espalier_jobs', type: 'gauge', labels: ['state'], help: 'Jobs in Postgres by state' },
  attempts: { name: 'espalier_attempts_total', type: 'counter', labels: ['method', 'outcome', 'code'], help: 'Attempts that ended since this API began, by outcome and, where they failed, error code' },
  attemptDuration: { name: 'espalier_attempt_duration_seconds', type: 'histogram', labels: ['method', 'outcome'], help: 'From the beginning of an attempt to its end, of those that ended since this API began', buckets: JOB_BUCKETS },
  queueWait: { name: 'espalier_queue_wait_seconds', type: 'histogram', labels: [], help: 'From the queueing of an attempt to its beginning, of those that ended since this API began', buckets: WAIT_BUCKETS },
  trainingJobs: { name: 'espalier_training_jobs', type: 'gauge', labels: ['method'], help: 'Jobs that are training now' },
  trainingSteps: { name: 'espalier_training_steps_per_second', type: 'gauge', labels: ['method'], help: 'Steps a second of the jobs that are training now, all together' },
  storedFiles: { name: 'espalier_stored_files', type: 'gauge', labels: ['kind'], help: 'Rows that refer to a file: models, datasets, artifacts, checkpoints, weights (records of what became of them)' },
  storedBytes: { name: 'espalier_stored_bytes', type: 'gauge', labels: ['kind'], help: 'Bytes of the files that rows refer to, equal files of a kind counted once' },
  queueEntries: { name: 'espalier_queue_entries', type: 'gauge', labels: ['queue', 'state'], help: 'Entries in Valkey: waiting for a worker, or active' },
  webhookDeliveries: { name: 'espalier_webhook_deliveries', type: 'gauge', labels: ['state'], help: 'Messages to webhooks that are kept, by state: pending, delivered or failed' },
  dependencyUp: { name: 'espalier_dependency_up', type: 'gauge', labels: ['dependency'], help: '1 when Postgres or Valkey answered for this scrape, 0 when not' },
} as const satisfies Definitions

/** Of a worker. */
export const OF_WORKER = {
  slots: { name: 'espalier_worker_slots', type: 'gauge', labels: [], help: 'Jobs that the worker runs at once at most' },
  running: { name: 'espalier_worker_jobs_running', type: 'gauge', labels: ['method'], help: 'Attempts being run now' },
  attempts: { name: 'espalier_worker_attempts_total', type: 'counter', labels: ['method', 'outcome', 'code'], help: 'Attempts that this worker is done with; outcome is succeeded, failed, cancelled, paused, skipped (another worker had it) or returned (to the queue), code that of the error' },
  duration: { name: 'espalier_worker_attempt_duration_seconds', type: 'histogram', labels: ['method', 'outcome'], help: 'From taking an attempt to being done with it', buckets: JOB_BUCKETS },
  wait: { name: 'espalier_worker_queue_wait_seconds', type: 'histogram', labels: [], help: 'From the queueing of an attempt to its first beginning', buckets: WAIT_BUCKETS },
  stage: { name: 'espalier_worker_stage_duration_seconds', type: 'histogram', labels: ['stage'], help: 'Stages of attempts: inputs, engine and outputs, and within the engine read, prune, train, evaluate, write, verify and others', buckets: JOB_BUCKETS },
  steps: { name: 'espalier_worker_steps_per_second', type: 'gauge', labels: ['method'], help: 'Training steps a second, as last told by the jobs that run now, all together' },
  engines: { name: 'espalier_engine_processes', type: 'gauge', labels: [], help: 'Engine processes that are alive' },
  engineMemory: { name: 'espalier_engine_resident_memory_bytes', type: 'gauge', labels: [], help: 'Memory of all engine processes together' },
  engineLargest: { name: 'espalier_engine_largest_resident_memory_bytes', type: 'gauge', labels: [], help: 'Memory of the largest engine process' },
  engineStarts: { name: 'espalier_engine_starts_total', type: 'counter', labels: [], help: 'Engine processes that were started' },
  engineEnds: { name: 'espalier_engine_ends_total', type: 'counter', labels: ['reason'], help: 'Engine processes that ended; reason is crashed, killed (limits of memory and time, cancelled jobs), recycled or closed' },
  checkpoints: { name: 'espalier_checkpoints_total', type: 'counter', labels: ['outcome'], help: 'Checkpoints of training runs; outcome is stored or lost' },
  checkpointBytes: { name: 'espalier_checkpoint_bytes_total', type: 'counter', labels: [], help: 'Bytes of the checkpoints that were stored' },
} as const satisfies Definitions

/** What the library tells of a Node.js process and fits the rules; the rest of what it has is left out. */
export const OF_NODE = [
  'process_cpu_user_seconds_total', 'process_cpu_system_seconds_total', 'process_cpu_seconds_total', 'process_start_time_seconds', 'process_resident_memory_bytes',
  'process_virtual_memory_bytes', 'process_heap_bytes', 'process_open_fds', 'process_max_fds',
  'nodejs_eventloop_lag_seconds', 'nodejs_eventloop_lag_mean_seconds', 'nodejs_eventloop_lag_max_seconds', 'nodejs_eventloop_lag_p50_seconds', 'nodejs_eventloop_lag_p99_seconds',
  'nodejs_active_resources', 'nodejs_heap_size_total_bytes', 'nodejs_heap_size_used_bytes', 'nodejs_external_memory_bytes', 'nodejs_gc_duration_seconds',
] as const
