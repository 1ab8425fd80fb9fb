"""What a backend declares: mapped classes, schemas, routes and session defaults, read without importing anything."""
