-- AlterTable
ALTER TABLE "attempts" ADD COLUMN     "queued_at" TIMESTAMPTZ(3) NOT NULL DEFAULT now(),
ADD COLUMN     "trace_context" TEXT;

-- Attempts of before were queued when their job was made, or at some time before they began.
UPDATE "attempts" SET "queued_at" = coalesce(CASE WHEN "number" = 1 THEN (SELECT "created_at" FROM "jobs" WHERE "id" = "job_id") END, "started_at", now());

-- CreateIndex
CREATE INDEX "attempts_finished_at_idx" ON "attempts"("finished_at");
