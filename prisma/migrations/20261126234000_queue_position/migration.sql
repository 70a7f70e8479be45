-- Queued jobs in the order in which they are taken; a job that is queued was last touched when it was.
CREATE INDEX "jobs_queued_idx" ON "jobs"("queue", "priority", "updated_at", "id", "tenant_id") WHERE "state" = 'queued';
