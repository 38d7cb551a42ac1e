-- The Writer's own: one transaction a group of verbs, one savepoint a verb.

-- name: begin_writing
BEGIN IMMEDIATE;

-- name: commit
COMMIT;

-- name: start_verb
SAVEPOINT verb;

-- name: undo_verb
ROLLBACK TO verb;

-- name: end_verb
RELEASE verb;
