-- AlterTable: jobs of the day are counted here, since jobs may be deleted.
ALTER TABLE "tenants" ADD COLUMN "counted_on" DATE, ADD COLUMN "jobs_that_day" INTEGER NOT NULL DEFAULT 0;

-- CreateTable
CREATE TABLE "secrets" (
    "name" TEXT NOT NULL,
    "value" BYTEA NOT NULL,

    CONSTRAINT "secrets_pkey" PRIMARY KEY ("name")
);

-- CreateIndex
CREATE INDEX "audit_entries_at_idx" ON "audit_entries"("at");
CREATE INDEX "audit_entries_tenant_id_target_id_idx" ON "audit_entries"("tenant_id", "target", "id" DESC);
