"""What the service does, one class per part."""
