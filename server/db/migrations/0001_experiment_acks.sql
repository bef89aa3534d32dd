ALTER TABLE "experiment" ADD COLUMN "applied_by" jsonb DEFAULT '[]'::jsonb NOT NULL;--> statement-breakpoint
ALTER TABLE "experiment" ADD COLUMN "expected" jsonb DEFAULT '[]'::jsonb NOT NULL;