"""Records to pictures: tables for a terminal."""
