-- AlterTable
ALTER TABLE "jobs" ADD COLUMN     "weights_bytes" BIGINT,
ADD COLUMN     "weights_sha256" TEXT;
