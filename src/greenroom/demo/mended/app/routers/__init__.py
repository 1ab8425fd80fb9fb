"""HTTP endpoints, one router per part."""
