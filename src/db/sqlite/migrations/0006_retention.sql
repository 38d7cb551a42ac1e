-- Final requests in the order in which they became so: those that had their time are deleted.

CREATE INDEX batches_finished ON batches (finished_us) WHERE finished_us IS NOT NULL;
