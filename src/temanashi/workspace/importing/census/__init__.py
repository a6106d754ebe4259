"""Filled-in census sheets: read whole, every bad cell told, and carried over all or not at all."""
