"""Races to pictures: the page with the surface and its balls, and the same in a terminal."""
