"""Migrations of the registry, run by `dualign.jobs.database` when it opens an older file."""
