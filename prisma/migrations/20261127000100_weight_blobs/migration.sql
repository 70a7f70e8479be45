-- Records of weights are blobs, too: the blob is looked at when its job is deleted or has another one.
CREATE INDEX "jobs_weights_sha256_idx" ON "jobs"("weights_sha256");

CREATE FUNCTION espalier_free_weights () RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO freed_blobs (sha256) VALUES (OLD.weights_sha256);
  RETURN NULL;
END $$;
CREATE TRIGGER espalier_free_weights AFTER DELETE ON "jobs" FOR EACH ROW WHEN (OLD.weights_sha256 IS NOT NULL) EXECUTE FUNCTION espalier_free_weights();
CREATE TRIGGER espalier_free_old_weights AFTER UPDATE OF "weights_sha256" ON "jobs" FOR EACH ROW
  WHEN (OLD.weights_sha256 IS NOT NULL AND OLD.weights_sha256 IS DISTINCT FROM NEW.weights_sha256) EXECUTE FUNCTION espalier_free_weights();
