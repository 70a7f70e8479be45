-- CreateTable
CREATE TABLE "tenants" (
    "id" TEXT NOT NULL,
    "name" TEXT NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT now(),
    "quotas" JSON,

    CONSTRAINT "tenants_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "api_keys" (
    "id" TEXT NOT NULL,
    "tenant_id" TEXT NOT NULL,
    "name" TEXT NOT NULL,
    "hash" TEXT NOT NULL,
    "hint" TEXT NOT NULL,
    "scopes" TEXT[],
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT now(),
    "expires_at" TIMESTAMPTZ(3),
    "last_used_at" TIMESTAMPTZ(3),
    "revoked_at" TIMESTAMPTZ(3),

    CONSTRAINT "api_keys_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "audit_entries" (
    "id" BIGSERIAL NOT NULL,
    "tenant_id" TEXT NOT NULL,
    "at" TIMESTAMPTZ(3) NOT NULL DEFAULT now(),
    "actor" TEXT NOT NULL,
    "action" TEXT NOT NULL,
    "target" TEXT,
    "status" INTEGER NOT NULL,
    "request_id" TEXT NOT NULL,
    "details" JSON,

    CONSTRAINT "audit_entries_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "job_events" (
    "id" BIGSERIAL NOT NULL,
    "tenant_id" TEXT NOT NULL,
    "job_id" TEXT NOT NULL,
    "at" TIMESTAMPTZ(3) NOT NULL DEFAULT now(),
    "state" "job_state" NOT NULL,
    "attempt" INTEGER NOT NULL,

    CONSTRAINT "job_events_pkey" PRIMARY KEY ("id")
);

-- The first tenant: what was there before belongs to it, and a service without keys knows no other.
INSERT INTO "tenants" ("id", "name") VALUES ('tnt_00000000000000000000', 'default');

-- AlterTable
ALTER TABLE "models" ADD COLUMN "tenant_id" TEXT NOT NULL DEFAULT 'tnt_00000000000000000000';
ALTER TABLE "models" ALTER COLUMN "tenant_id" DROP DEFAULT;
ALTER TABLE "datasets" ADD COLUMN "tenant_id" TEXT NOT NULL DEFAULT 'tnt_00000000000000000000';
ALTER TABLE "datasets" ALTER COLUMN "tenant_id" DROP DEFAULT;
ALTER TABLE "jobs" ADD COLUMN "tenant_id" TEXT NOT NULL DEFAULT 'tnt_00000000000000000000';
ALTER TABLE "jobs" ALTER COLUMN "tenant_id" DROP DEFAULT;

-- DropIndex
DROP INDEX "models_created_at_id_idx";
DROP INDEX "datasets_created_at_id_idx";
DROP INDEX "jobs_created_at_id_idx";
DROP INDEX "jobs_state_created_at_id_idx";
DROP INDEX "jobs_model_id_created_at_id_idx";

-- CreateIndex
CREATE UNIQUE INDEX "tenants_name_key" ON "tenants"("name");
CREATE UNIQUE INDEX "api_keys_hash_key" ON "api_keys"("hash");
CREATE INDEX "api_keys_tenant_id_created_at_id_idx" ON "api_keys"("tenant_id", "created_at" DESC, "id" DESC);
CREATE INDEX "audit_entries_tenant_id_id_idx" ON "audit_entries"("tenant_id", "id" DESC);
CREATE INDEX "job_events_job_id_id_idx" ON "job_events"("job_id", "id");
CREATE INDEX "job_events_tenant_id_id_idx" ON "job_events"("tenant_id", "id");
CREATE INDEX "models_tenant_id_created_at_id_idx" ON "models"("tenant_id", "created_at" DESC, "id" DESC);
CREATE INDEX "datasets_tenant_id_created_at_id_idx" ON "datasets"("tenant_id", "created_at" DESC, "id" DESC);
CREATE INDEX "jobs_tenant_id_created_at_id_idx" ON "jobs"("tenant_id", "created_at" DESC, "id" DESC);
CREATE INDEX "jobs_tenant_id_state_created_at_id_idx" ON "jobs"("tenant_id", "state", "created_at" DESC, "id" DESC);
CREATE INDEX "jobs_tenant_id_model_id_created_at_id_idx" ON "jobs"("tenant_id", "model_id", "created_at" DESC, "id" DESC);
CREATE INDEX "jobs_state_updated_at_idx" ON "jobs"("state", "updated_at");

-- AddForeignKey
ALTER TABLE "api_keys" ADD CONSTRAINT "api_keys_tenant_id_fkey" FOREIGN KEY ("tenant_id") REFERENCES "tenants"("id") ON DELETE CASCADE ON UPDATE CASCADE;
ALTER TABLE "job_events" ADD CONSTRAINT "job_events_job_id_fkey" FOREIGN KEY ("job_id") REFERENCES "jobs"("id") ON DELETE CASCADE ON UPDATE CASCADE;
ALTER TABLE "models" ADD CONSTRAINT "models_tenant_id_fkey" FOREIGN KEY ("tenant_id") REFERENCES "tenants"("id") ON DELETE RESTRICT ON UPDATE CASCADE;
ALTER TABLE "datasets" ADD CONSTRAINT "datasets_tenant_id_fkey" FOREIGN KEY ("tenant_id") REFERENCES "tenants"("id") ON DELETE RESTRICT ON UPDATE CASCADE;
ALTER TABLE "jobs" ADD CONSTRAINT "jobs_tenant_id_fkey" FOREIGN KEY ("tenant_id") REFERENCES "tenants"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- The row lock of the job orders the events of one job: their numbers rise in the order in which they happened.
CREATE FUNCTION "note_job_event"() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO "job_events" ("tenant_id", "job_id", "state", "attempt") VALUES (NEW."tenant_id", NEW."id", NEW."state", NEW."attempt");
  RETURN NULL;
END
$$;

CREATE TRIGGER "job_created" AFTER INSERT ON "jobs" FOR EACH ROW EXECUTE FUNCTION "note_job_event"();
CREATE TRIGGER "job_moved" AFTER UPDATE ON "jobs" FOR EACH ROW
  WHEN (OLD."state" IS DISTINCT FROM NEW."state" OR OLD."attempt" IS DISTINCT FROM NEW."attempt") EXECUTE FUNCTION "note_job_event"();
