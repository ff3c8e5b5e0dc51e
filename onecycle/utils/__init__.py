"""Pure helpers that know nothing of the library."""
