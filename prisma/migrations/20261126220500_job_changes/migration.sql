-- A run that goes on from a step drops the points behind it: how often that happened, and from which step the last time.
ALTER TABLE "jobs" ADD COLUMN "metric_run" INTEGER NOT NULL DEFAULT 0;
ALTER TABLE "jobs" ADD COLUMN "metric_from" INTEGER NOT NULL DEFAULT 0;

-- What changed of which job of which tenant, for those who watch. They read the rest where they may: a message holds nothing but ids.
CREATE FUNCTION "tell_job_change"() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  PERFORM pg_notify('espalier_job_changes', TG_ARGV[0] || ' ' || NEW."id" || ' ' || NEW."tenant_id");
  RETURN NULL;
END
$$;

CREATE TRIGGER "job_created_told" AFTER INSERT ON "jobs" FOR EACH ROW EXECUTE FUNCTION "tell_job_change"('state');
CREATE TRIGGER "job_moved_told" AFTER UPDATE ON "jobs" FOR EACH ROW
  WHEN (OLD."state" IS DISTINCT FROM NEW."state" OR OLD."attempt" IS DISTINCT FROM NEW."attempt") EXECUTE FUNCTION "tell_job_change"('state');
CREATE TRIGGER "job_progress_told" AFTER UPDATE OF "progress" ON "jobs" FOR EACH ROW
  WHEN (OLD."progress"::text IS DISTINCT FROM NEW."progress"::text) EXECUTE FUNCTION "tell_job_change"('progress');
