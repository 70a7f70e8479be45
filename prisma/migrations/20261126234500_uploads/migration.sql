-- AlterTable: how long what a tenant has is kept, where it differs from the service.
ALTER TABLE "tenants" ADD COLUMN "retention" JSON;

-- CreateTable
CREATE TABLE "uploads" (
    "id" TEXT NOT NULL,
    "tenant_id" TEXT NOT NULL,
    "metadata" JSON NOT NULL,
    "bytes" BIGINT NOT NULL,
    "received" BIGINT NOT NULL DEFAULT 0,
    "parts" INTEGER NOT NULL DEFAULT 0,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT now(),
    "expires_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "uploads_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "upload_parts" (
    "upload_id" TEXT NOT NULL,
    "position" BIGINT NOT NULL,
    "bytes" BIGINT NOT NULL,
    "sha256" TEXT NOT NULL,

    CONSTRAINT "upload_parts_pkey" PRIMARY KEY ("upload_id","position")
);

-- CreateTable: blobs that somebody is about to refer to.
CREATE TABLE "blob_holds" (
    "id" UUID NOT NULL,
    "sha256" TEXT NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT now(),

    CONSTRAINT "blob_holds_pkey" PRIMARY KEY ("id")
);

-- CreateTable: blobs that a row let go of, to be looked at and removed.
CREATE TABLE "freed_blobs" (
    "id" BIGSERIAL NOT NULL,
    "sha256" TEXT NOT NULL,

    CONSTRAINT "freed_blobs_pkey" PRIMARY KEY ("id")
);

-- CreateIndex
CREATE INDEX "uploads_tenant_id_created_at_id_idx" ON "uploads"("tenant_id", "created_at" DESC, "id" DESC);
CREATE INDEX "uploads_expires_at_idx" ON "uploads"("expires_at");
CREATE INDEX "blob_holds_created_at_idx" ON "blob_holds"("created_at");

-- CreateIndex: does a row refer to this blob?
CREATE INDEX "upload_parts_sha256_idx" ON "upload_parts"("sha256");
CREATE INDEX "blob_holds_sha256_idx" ON "blob_holds"("sha256");
CREATE INDEX "freed_blobs_sha256_idx" ON "freed_blobs"("sha256");
CREATE INDEX "models_sha256_idx" ON "models"("sha256");
CREATE INDEX "datasets_sha256_idx" ON "datasets"("sha256");
CREATE INDEX "artifacts_sha256_idx" ON "artifacts"("sha256");
CREATE INDEX "jobs_checkpoint_sha256_idx" ON "jobs"("checkpoint_sha256");

-- CreateIndex: what is due by its age.
CREATE INDEX "jobs_tenant_id_finished_at_idx" ON "jobs"("tenant_id", "finished_at");

-- AddForeignKey
ALTER TABLE "uploads" ADD CONSTRAINT "uploads_tenant_id_fkey" FOREIGN KEY ("tenant_id") REFERENCES "tenants"("id") ON DELETE CASCADE ON UPDATE CASCADE;
ALTER TABLE "upload_parts" ADD CONSTRAINT "upload_parts_upload_id_fkey" FOREIGN KEY ("upload_id") REFERENCES "uploads"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- Whatever deletes a row that refers to a blob, the blob is looked at afterwards.
CREATE FUNCTION espalier_free_blob () RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO freed_blobs (sha256) VALUES (OLD.sha256);
  RETURN NULL;
END $$;
CREATE TRIGGER espalier_free_blob AFTER DELETE ON "models" FOR EACH ROW EXECUTE FUNCTION espalier_free_blob();
CREATE TRIGGER espalier_free_blob AFTER DELETE ON "datasets" FOR EACH ROW EXECUTE FUNCTION espalier_free_blob();
CREATE TRIGGER espalier_free_blob AFTER DELETE ON "artifacts" FOR EACH ROW EXECUTE FUNCTION espalier_free_blob();
CREATE TRIGGER espalier_free_blob AFTER DELETE ON "upload_parts" FOR EACH ROW EXECUTE FUNCTION espalier_free_blob();
CREATE TRIGGER espalier_free_blob AFTER DELETE ON "blob_holds" FOR EACH ROW EXECUTE FUNCTION espalier_free_blob();

CREATE FUNCTION espalier_free_checkpoint () RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO freed_blobs (sha256) VALUES (OLD.checkpoint_sha256);
  RETURN NULL;
END $$;
CREATE TRIGGER espalier_free_checkpoint AFTER DELETE ON "jobs" FOR EACH ROW WHEN (OLD.checkpoint_sha256 IS NOT NULL) EXECUTE FUNCTION espalier_free_checkpoint();
CREATE TRIGGER espalier_free_old_checkpoint AFTER UPDATE OF "checkpoint_sha256" ON "jobs" FOR EACH ROW
  WHEN (OLD.checkpoint_sha256 IS NOT NULL AND OLD.checkpoint_sha256 IS DISTINCT FROM NEW.checkpoint_sha256) EXECUTE FUNCTION espalier_free_checkpoint();
