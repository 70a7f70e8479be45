-- CreateEnum
CREATE TYPE "sweep_state" AS ENUM ('running', 'cancelling', 'finished', 'cancelled');

-- CreateTable
CREATE TABLE "sweeps" (
    "id" TEXT NOT NULL,
    "tenant_id" TEXT NOT NULL,
    "name" TEXT,
    "model_id" TEXT NOT NULL,
    "dataset_id" TEXT,
    "evaluation_dataset_id" TEXT,
    "request" JSON NOT NULL,
    "state" "sweep_state" NOT NULL DEFAULT 'running',
    "opened" INTEGER NOT NULL DEFAULT 1,
    "result" JSON,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT now(),
    "finished_at" TIMESTAMPTZ(3),

    CONSTRAINT "sweeps_pkey" PRIMARY KEY ("id")
);

-- AlterTable
ALTER TABLE "jobs" ADD COLUMN "sweep_id" TEXT;
ALTER TABLE "jobs" ADD COLUMN "sweep_place" INTEGER;

-- CreateIndex
CREATE INDEX "sweeps_tenant_id_created_at_id_idx" ON "sweeps"("tenant_id", "created_at" DESC, "id" DESC);
CREATE INDEX "sweeps_state_idx" ON "sweeps"("state");
CREATE UNIQUE INDEX "jobs_sweep_id_sweep_place_key" ON "jobs"("sweep_id", "sweep_place");

-- AddForeignKey
ALTER TABLE "sweeps" ADD CONSTRAINT "sweeps_tenant_id_fkey" FOREIGN KEY ("tenant_id") REFERENCES "tenants"("id") ON DELETE RESTRICT ON UPDATE CASCADE;
ALTER TABLE "jobs" ADD CONSTRAINT "jobs_sweep_id_fkey" FOREIGN KEY ("sweep_id") REFERENCES "sweeps"("id") ON DELETE CASCADE ON UPDATE CASCADE;
