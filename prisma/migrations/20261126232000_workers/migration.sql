-- AlterTable
ALTER TABLE "jobs" ADD COLUMN "queue" TEXT NOT NULL DEFAULT 'default',
ADD COLUMN "priority" INTEGER NOT NULL DEFAULT 0,
ADD COLUMN "needs" JSON NOT NULL DEFAULT '{}',
ADD COLUMN "limits" JSON NOT NULL DEFAULT '{}';

-- AlterTable
ALTER TABLE "attempts" ADD COLUMN "used_ms" BIGINT NOT NULL DEFAULT 0;

-- CreateEnum
CREATE TYPE "worker_state" AS ENUM ('starting', 'ready', 'draining');

-- CreateTable
CREATE TABLE "workers" (
    "id" TEXT NOT NULL,
    "name" TEXT NOT NULL,
    "host" TEXT NOT NULL,
    "pid" INTEGER NOT NULL,
    "version" TEXT NOT NULL,
    "device" JSON,
    "memory_bytes" BIGINT NOT NULL,
    "cpus" INTEGER NOT NULL,
    "concurrency" INTEGER NOT NULL,
    "queues" TEXT[],
    "state" "worker_state" NOT NULL,
    "jobs" TEXT[],
    "started_at" TIMESTAMPTZ(3) NOT NULL DEFAULT now(),
    "seen_at" TIMESTAMPTZ(3) NOT NULL DEFAULT now(),

    CONSTRAINT "workers_pkey" PRIMARY KEY ("id")
);
