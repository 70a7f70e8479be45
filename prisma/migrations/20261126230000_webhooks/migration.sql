-- CreateEnum
CREATE TYPE "delivery_state" AS ENUM ('pending', 'delivered', 'failed');

-- CreateTable
CREATE TABLE "webhooks" (
    "id" TEXT NOT NULL,
    "tenant_id" TEXT NOT NULL,
    "url" TEXT NOT NULL,
    "host" TEXT NOT NULL,
    "events" TEXT[],
    "description" TEXT NOT NULL,
    "secret" TEXT NOT NULL,
    "previous_secret" TEXT,
    "previous_secret_until" TIMESTAMPTZ(3),
    "active" BOOLEAN NOT NULL DEFAULT true,
    "turned_off" TEXT,
    "leased_until" TIMESTAMPTZ(3),
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT now(),

    CONSTRAINT "webhooks_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "webhook_deliveries" (
    -- Receivers see it: random, so that it tells nothing of others.
    "id" TEXT NOT NULL DEFAULT 'dlv_' || replace(gen_random_uuid()::text, '-', ''),
    "sequence" BIGSERIAL NOT NULL,
    "webhook_id" TEXT NOT NULL,
    "type" TEXT NOT NULL,
    "job_id" TEXT,
    "data" JSON NOT NULL,
    "state" "delivery_state" NOT NULL DEFAULT 'pending',
    "tries" INTEGER NOT NULL DEFAULT 0,
    "next_at" TIMESTAMPTZ(3) NOT NULL DEFAULT clock_timestamp(),
    "last_at" TIMESTAMPTZ(3),
    "last_status" INTEGER,
    "last_error" TEXT,
    "last_ms" INTEGER,
    "last_response" TEXT,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT now(),
    "delivered_at" TIMESTAMPTZ(3),

    CONSTRAINT "webhook_deliveries_pkey" PRIMARY KEY ("id")
);

-- CreateIndex
CREATE INDEX "webhooks_tenant_id_created_at_id_idx" ON "webhooks"("tenant_id", "created_at" DESC, "id" DESC);
CREATE INDEX "webhook_deliveries_webhook_id_state_next_at_sequence_idx" ON "webhook_deliveries"("webhook_id", "state", "next_at", "sequence");
CREATE INDEX "webhook_deliveries_webhook_id_created_at_id_idx" ON "webhook_deliveries"("webhook_id", "created_at" DESC, "id" DESC);
CREATE INDEX "webhook_deliveries_created_at_idx" ON "webhook_deliveries"("created_at");

-- AddForeignKey
ALTER TABLE "webhooks" ADD CONSTRAINT "webhooks_tenant_id_fkey" FOREIGN KEY ("tenant_id") REFERENCES "tenants"("id") ON DELETE CASCADE ON UPDATE CASCADE;
ALTER TABLE "webhook_deliveries" ADD CONSTRAINT "webhook_deliveries_webhook_id_fkey" FOREIGN KEY ("webhook_id") REFERENCES "webhooks"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- In the transaction of the event: none is lost by a crash, and what is rolled back is not told. The lock of the webhook makes a job wait for
-- the end of its deletion instead of failing by it. Times of clock_timestamp() follow the order of a job's events, those of now() need not.
-- A job's error is passed on as it is: reading into it would fail for strings that JSON can write and Postgres cannot hold.
CREATE FUNCTION "note_webhook_deliveries"() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO "webhook_deliveries" ("webhook_id", "type", "job_id", "data")
  SELECT hook."id", 'job.' || NEW."state", NEW."job_id", json_build_object('sequence', NEW."id", 'at', NEW."at", 'job', json_build_object(
    'id', job."id", 'state', NEW."state", 'attempt', NEW."attempt", 'model', job."model_id", 'dataset', job."dataset_id", 'evaluationDataset', job."evaluation_dataset_id",
    'error', job."error", 'createdAt', job."created_at", 'startedAt', job."started_at", 'finishedAt', job."finished_at"))
  FROM "webhooks" hook JOIN "jobs" job ON job."id" = NEW."job_id"
  WHERE hook."tenant_id" = NEW."tenant_id" AND hook."active" AND 'job.' || NEW."state" = ANY (hook."events")
  FOR KEY SHARE OF hook;
  RETURN NULL;
END
$$;

CREATE TRIGGER "job_event_noted" AFTER INSERT ON "job_events" FOR EACH ROW EXECUTE FUNCTION "note_webhook_deliveries"();
