"""The audit trail: rows that the database writes itself, in the transaction of the change, and that nobody can alter unseen."""
