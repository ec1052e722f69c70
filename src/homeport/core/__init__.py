"""What every feature needs and no feature owns: configuration, database, errors, requests."""
