"""From an `Assessment` to files: what is shown (pure), how it looks (templates), how it is kept."""
