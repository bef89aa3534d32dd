ALTER TABLE "experiment" DROP COLUMN "kind";--> statement-breakpoint
ALTER TABLE "experiment" DROP COLUMN "latency_ms";