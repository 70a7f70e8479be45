-- AlterTable
ALTER TABLE "jobs" ADD COLUMN     "checkpoint_at" TIMESTAMPTZ(3),
ADD COLUMN     "checkpoint_bytes" BIGINT,
ADD COLUMN     "checkpoint_sha256" TEXT;

-- AlterTable
ALTER TABLE "attempts" ADD COLUMN     "resumed_from" TIMESTAMPTZ(3);
