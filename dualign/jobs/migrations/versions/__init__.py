"""One module a migration; steps are added, never changed."""
