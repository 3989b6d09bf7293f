-- What an import does to whole dates of some tables, all of it or nothing: a reader never sees half of an import.
BEGIN TRANSACTION;

{replacements}

COMMIT TRANSACTION;
