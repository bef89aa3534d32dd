ALTER TABLE "experiment" ADD COLUMN "fault" jsonb;--> statement-breakpoint
UPDATE "experiment" SET "fault" = CASE "kind"
  WHEN 'slow' THEN jsonb_build_object('kind', 'latency', 'direction', 'from-redis', 'latencyMs', coalesce("latency_ms", 1), 'jitterMs', 0,
    'roles', '["read","write","lease","subscriber"]'::jsonb, 'probability', 1)
  ELSE jsonb_build_object('kind', 'refuse', 'roles', '["read","write","lease","subscriber"]'::jsonb, 'probability', 1)
END;--> statement-breakpoint
ALTER TABLE "experiment" ALTER COLUMN "fault" SET NOT NULL;--> statement-breakpoint
ALTER TABLE "experiment" ADD COLUMN "instances_percent" integer DEFAULT 100 NOT NULL;--> statement-breakpoint
ALTER TABLE "experiment" ADD COLUMN "ack_ms" jsonb DEFAULT '{}'::jsonb NOT NULL;
